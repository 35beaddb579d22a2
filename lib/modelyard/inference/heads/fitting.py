"""Checks that a head, its options and a function's labels fit a network."""

from modelyard.annotation import LabelSet
from modelyard.inference.heads.catalogue import HEADS, Head
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.guess import guess_head
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.heads.shapes import Outputs, listing


def find_head(name: str) -> Head:
    """Return the head of that name.

    Raises:
        HeadError: no such head exists.
    """
    if name not in HEADS:
        raise HeadError(f"unknown head {name!r}; accepted: {', '.join(HEADS)}")
    return HEADS[name]


def class_names(
    name: str, outputs: Outputs, size: tuple[int, int], options: HeadOptions, labels: LabelSet
) -> dict[int, str]:
    """Return the labels by the network's class numbers.

    A label's id is its class number, counted from `options.first_id`. Labels without ids follow
    the order of the classes, background excluded, and must cover all of them.

    Args:
        name: Name of the head.
        outputs: The network's outputs for an input of `size`.
        size: Width and height.
        options: The head's options.
        labels: The function's labels.

    Raises:
        HeadError: the outputs do not match the head, or the labels the network.
    """
    count = find_head(name).classes(outputs, size)
    if count is None:
        raise HeadError(_mismatch(name, outputs, size))
    if not labels.ids:
        return _in_order(count, options, labels)
    if len(labels.ids) != len(labels):
        raise HeadError("some labels have an id and some have none; give one to all or to none")
    names = {label.id - options.first_id: label.name for label in labels if label.id is not None}
    beyond = [number for number in names if number < 0 or number >= count > -1]
    if beyond:
        first, last = options.first_id, count - 1 + options.first_id
        raise HeadError(
            f"the label {names[beyond[0]]!r} has id {beyond[0] + first}, but the network's {count} "
            f"classes are {first} to {last}"
        )
    return names


def _in_order(count: int, options: HeadOptions, labels: LabelSet) -> dict[int, str]:
    first = 1 if options.background == "first" else 0
    objects = count if options.background == "none" else count - 1
    if count != -1 and len(labels) != objects:
        hint = ""
        if options.background == "none" and len(labels) == count - 1:
            hint = '; if one of them is the background, set head_options={"background": "first"}'
        raise HeadError(
            f"the network has {objects} classes, but the function has {len(labels)} labels{hint}"
        )
    return {first + index: label.name for index, label in enumerate(labels)}


def _mismatch(name: str, outputs: Outputs, size: tuple[int, int]) -> str:
    guess = guess_head(outputs, size)
    seen = f"{'output' if len(outputs) == 1 else 'outputs'} {listing(outputs)}"
    if guess in {None, name}:
        return f"{seen} cannot be read by head={name!r} at this input size, nor by another head"
    return f"{seen} looks like {guess}, but head is {name}; set head={guess!r}"
