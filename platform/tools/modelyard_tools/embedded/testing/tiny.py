"""Functions of every type that need no weights, served exactly like real ones."""

from typing import Any, Final

from modelyard.serving.testing import shapes, tiny
from modelyard_contract.function_types import DETECTOR, INTERACTOR, REID, TRACKER
from modelyard_contract.nuclio import DEFAULT_HANDLER
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import FakeRelease

_INTERACTOR: Final = {
    "version": "2",
    "min_pos_points": "1",
    "min_neg_points": "0",
    "startswith_box_optional": "true",
    "help_message": "Click on something bright",
}


def release(name: str, type: str, **changes: Any) -> FakeRelease:
    """Return a release of a tiny model of that type; `changes` are further fields."""
    model = {**tiny.description(type), "name": name, **changes.pop("model", {})}
    if type != DETECTOR:
        # Only detectors have labels.
        model["labels"] = []
    return FakeRelease(
        name=name, type=type, model=model, handler=DEFAULT_HANDLER, port=free_port(), **changes
    )


def bright_detector(name: str = "tiny-detector") -> FakeRelease:
    """Return a detector of bright regions that answers with rectangles."""
    return release(name, DETECTOR)


def every_shape(name: str = "tiny-shapes") -> FakeRelease:
    """Return a detector that answers with a shape of every kind."""
    model = {"model": f"{shapes.MODULE}:EveryShape", "labels": shapes.labels()}
    return release(name, DETECTOR, model=model)


def bright_interactor(name: str = "tiny-interactor", **annotations: str) -> FakeRelease:
    """Return an interactor that cuts out the bright region under the first click."""
    return release(name, INTERACTOR, annotations={**_INTERACTOR, **annotations})


def bright_tracker(name: str = "tiny-tracker") -> FakeRelease:
    """Return a tracker of boxes, as CVAT has always known them."""
    return release(name, TRACKER)


def drifter(name: str = "tiny-drifter") -> FakeRelease:
    """Return a tracker in the newer form, which declares the shapes it can follow."""
    model = {"model": f"{shapes.MODULE}:Drifter"}
    declared = {"supported_shape_types": "rectangle,polygon"}
    return release(name, TRACKER, model=model, annotations=declared)


def overlap_reid(name: str = "tiny-reid") -> FakeRelease:
    """Return a re-identification function that matches by overlap."""
    return release(name, REID)


def one_of_each() -> list[FakeRelease]:
    """Return all of the above, each on a separate port."""
    return [
        bright_detector(),
        every_shape(),
        bright_interactor(),
        bright_tracker(),
        drifter(),
        overlap_reid(),
    ]
