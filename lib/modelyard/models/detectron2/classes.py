"""Maps a network's classes to a function's labels."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

from modelyard.annotation import Label, LabelError, LabelSet
from modelyard.models.detectron2.importing import MetadataCatalog

_LISTED: Final = 5


class Classes(NamedTuple):
    """The labels of a network's classes; a class without one is not reported.

    Attributes:
        things: By class number, labels of countable objects.
        stuff: By class number, labels of what else a panoptic network segments, such as sky.
        joints: Names of the joints in the network's order, if it finds any.
    """

    things: Mapping[int, Label]
    stuff: Mapping[int, Label]
    joints: tuple[str, ...]


def label_classes(configuration: Any, labels: LabelSet) -> Classes:
    """Find the class of each label of a function.

    A label with an id means the class of that number in the data set, if the data set numbers its
    classes like COCO. A label without one means the class of its name.

    Args:
        configuration: From `open_configuration`.
        labels: The function's labels.

    Raises:
        LabelError: a label does not match a class, a class has two labels, the joints of a skeleton
            are not those of the data set, or the classes of the configuration are unknown.
    """
    metadata = _metadata(configuration)
    things = tuple(metadata.get("thing_classes", ()))
    # Class 0 of a panoptic network's stuff means everything else.
    panoptic = configuration.MODEL.META_ARCHITECTURE == "PanopticFPN"
    stuff = tuple(metadata.get("stuff_classes", ()))[1:] if panoptic else ()
    keypoints = configuration.MODEL.KEYPOINT_ON
    joints = tuple(metadata.get("keypoint_names", ())) if keypoints else ()
    by_id = dict(metadata.get("thing_dataset_id_to_contiguous_id", {}))
    stuff_ids = metadata.get("stuff_dataset_id_to_contiguous_id", {}) if panoptic else {}
    by_id |= {key: len(things) + number - 1 for key, number in stuff_ids.items() if number}
    names = (*things, *stuff)
    found: dict[int, Label] = {}
    for label in labels:
        number = _class_of(label, names, by_id)
        if number in found:
            raise LabelError(
                f"labels {found[number].name!r} and {label.name!r} are one class, {names[number]!r}"
            )
        _check_joints(label, joints)
        found[number] = label
    return Classes(
        things={number: label for number, label in found.items() if number < len(things)},
        # Numbered from 1, since 0 is everything countable.
        stuff={n - len(things) + 1: label for n, label in found.items() if n >= len(things)},
        joints=joints,
    )


def _metadata(configuration: Any) -> dict[str, Any]:
    """Return detectron2's metadata of a configuration's test data set."""
    for name in (*configuration.DATASETS.TEST, *configuration.DATASETS.TRAIN):
        known = MetadataCatalog.get(name).as_dict()
        if known.get("thing_classes"):
            return dict(known)
    raise LabelError("the configuration does not name a data set whose classes detectron2 knows")


def _class_of(label: Label, names: Sequence[str], by_id: Mapping[int, int]) -> int:
    if label.id is not None and by_id:
        if label.id not in by_id:
            raise LabelError(
                f"label {label.name!r} has the id {label.id}, which the data set does not use; "
                f"it uses: {_some(sorted(by_id))}"
            )
        return by_id[label.id]
    if label.name not in names:
        similar = get_close_matches(label.name, names, n=3)
        hint = f"did you mean {_some(similar)}?" if similar else f"there are: {_some(names)}"
        raise LabelError(f"label {label.name!r} is not a class of the network: {hint}")
    return names.index(label.name)


def _check_joints(label: Label, joints: tuple[str, ...]) -> None:
    if label.type != "skeleton":
        return
    if not joints:
        raise LabelError(
            f"label {label.name!r} is a skeleton, but the network does not find joints"
        )
    odd = [sublabel.name for sublabel in label.sublabels if sublabel.name not in joints]
    if odd:
        raise LabelError(
            f"skeleton {label.name!r} has the joint {odd[0]!r}, which the network does not find; "
            f"it finds: {', '.join(joints)}"
        )


def _some(items: Sequence[object]) -> str:
    more = f", … ({len(items)})" if len(items) > _LISTED else ""
    return ", ".join(map(str, items[:_LISTED])) + more
