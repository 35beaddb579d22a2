"""Checks that a head, its options and a function's labels fit a network."""

from modelyard.annotation import Label, LabelSet
from modelyard.inference.heads.catalogue import HEADS, Head
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.heads.results.skeletons import check_joints
from modelyard.inference.heads.segmentation import check_activation
from modelyard.inference.heads.shapes import Outputs, listing


def find_head(name: str) -> Head:
    """Return the head of that name.

    Raises:
        HeadError: no such head exists.
    """
    if name not in HEADS:
        raise HeadError(f"unknown head {name!r}; accepted: {', '.join(HEADS)}")
    return HEADS[name]


def class_labels(
    name: str, outputs: Outputs, size: tuple[int, int], options: HeadOptions, labels: LabelSet
) -> dict[int, Label]:
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
        HeadError: the outputs do not match the head or its options, or the labels the network.
    """
    count = find_head(name).classes(outputs, size, options)
    if count is None:
        raise HeadError(_mismatch(name, outputs, size))
    if name == "segmentation":
        check_activation(count, options)
    if options.task == "pose" and options.kpt_shape is not None:
        for label in labels:
            check_joints(label, options.kpt_shape[0])
    if not labels.ids:
        return _in_order(count, options, labels)
    if len(labels.ids) != len(labels):
        raise HeadError("some labels have an id and some have none; give one to all or to none")
    found = {label.id - options.first_id: label for label in labels if label.id is not None}
    beyond = [number for number in found if number < 0 or number >= count > -1]
    if beyond:
        first, last = options.first_id, count - 1 + options.first_id
        raise HeadError(
            f"the label {found[beyond[0]].name!r} has id {beyond[0] + first}, but the network's "
            f"{count} classes are {first} to {last}"
        )
    return found


def _in_order(count: int, options: HeadOptions, labels: LabelSet) -> dict[int, Label]:
    first = 1 if options.background == "first" else 0
    objects = count if options.background == "none" else count - 1
    if count != -1 and len(labels) != objects:
        hint = ""
        if options.background == "none" and len(labels) == count - 1:
            hint = '; if one of them is the background, set head_options={"background": "first"}'
        raise HeadError(
            f"the network has {objects} classes, but the function has {len(labels)} labels{hint}"
        )
    return {first + index: label for index, label in enumerate(labels)}


def _mismatch(name: str, outputs: Outputs, size: tuple[int, int]) -> str:
    seen = f"{'output' if len(outputs) == 1 else 'outputs'} {listing(outputs)}"
    others = [other for other in HEADS if other != name and _fits(other, outputs, size)]
    hint = f"; {' or '.join(others)} can" if others else ", nor by another head"
    return f"{seen} cannot be read by head={name!r} at this input size{hint}"


def _fits(name: str, outputs: Outputs, size: tuple[int, int]) -> bool:
    try:
        return HEADS[name].classes(outputs, size) is not None
    except HeadError:
        return False
