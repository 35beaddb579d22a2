"""Whether a head, its options and a function's labels fit a network."""

from modelyard.annotation import LabelSet
from modelyard.inference.heads.catalogue import HEADS, Head
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.guess import guess_head
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.heads.shapes import Outputs, listing


def head_of(name: str) -> Head:
    """Return the head of that name.

    Raises:
        HeadError: there is none.
    """
    if name not in HEADS:
        raise HeadError(f"there is no head {name!r}; there are {', '.join(HEADS)}")
    return HEADS[name]


def class_names(
    name: str, outputs: Outputs, size: tuple[int, int], options: HeadOptions, labels: LabelSet
) -> dict[int, str]:
    """Return the labels by the network's numbers of their classes.

    Labels with ids are of the class of that number, counted from `options.first_id`; without ids
    the first label is of the first class that is not the background, and each needs one.

    Args:
        name: Of the head.
        outputs: Of the network, with an input of `size`.
        size: Width and height.
        options: Of the head.
        labels: Of the function.

    Raises:
        HeadError: the outputs are not the head's, or the labels are not the network's.
    """
    count = head_of(name).classes(outputs, size)
    if count is None:
        raise HeadError(_of_another(name, outputs, size))
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
            hint = '; if one of them is the background, say head_options={"background": "first"}'
        raise HeadError(
            f"the network tells {objects} classes apart, but the function has {len(labels)} labels"
            f"{hint}"
        )
    return {first + index: label.name for index, label in enumerate(labels)}


def _of_another(name: str, outputs: Outputs, size: tuple[int, int]) -> str:
    guess = guess_head(outputs, size)
    seen = f"{'output' if len(outputs) == 1 else 'outputs'} {listing(outputs)}"
    if guess in {None, name}:
        return f"{seen} cannot be read by head={name!r} at this input size, nor by another head"
    return f"{seen} looks like {guess}, but head is {name}; say head={guess!r}"
