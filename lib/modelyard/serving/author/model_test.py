"""The guarantees of the model classes to authors."""

import msgspec
import numpy as np
import pytest

from modelyard.serving.author.model import (
    Clicks,
    Detector,
    Interactor,
    Reidentifier,
    Tracker,
    blank_image,
)
from modelyard.serving.testing.tiny import (
    BrightDetector,
    BrightInteractor,
    BrightState,
    BrightTracker,
    OverlapReidentifier,
)


def test_a_tracker_knows_its_type_of_state() -> None:
    class Finer(BrightTracker):
        """Inherits it."""

    assert BrightTracker.state_type is BrightState
    assert Finer.state_type is BrightState


def test_a_tracker_without_a_type_of_state_is_an_error_of_its_author() -> None:
    with pytest.raises(TypeError, match=r"Vague must derive from Tracker\["):

        class Vague(Tracker):  # type: ignore[type-arg]
            """Forgets it."""


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        (Detector, "detector"),
        (Interactor, "interactor"),
        (Tracker, "tracker"),
        (Reidentifier, "reid"),
    ],
)
def test_kinds_are_those_of_cvat(model: type, kind: str) -> None:
    assert model.kind == kind  # type: ignore[attr-defined]


def test_every_type_warms_up_with_a_valid_request() -> None:
    detector = BrightDetector()
    detector._label = "bright"
    for model in (detector, BrightInteractor(), BrightTracker(), OverlapReidentifier()):
        model.warm_up()


def test_the_blank_image_is_grey_and_protected() -> None:
    image = blank_image()
    assert (image.width, image.height) == (64, 64)
    assert np.unique(image.pixels).tolist() == [127]
    assert not image.pixels.flags.writeable


def test_clicks_are_plain_values() -> None:
    assert msgspec.to_builtins(Clicks(positive=((1, 2),), box=(0, 0, 3, 3))) == {
        "positive": ((1, 2),),
        "negative": (),
        "box": (0, 0, 3, 3),
        "text": (),
        "threshold": 0.5,
    }
