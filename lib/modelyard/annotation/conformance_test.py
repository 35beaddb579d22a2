import pytest

from modelyard.annotation.attributes import Attribute
from modelyard.annotation.conformance import conform
from modelyard.annotation.errors import LabelError
from modelyard.annotation.labels import Label, LabelAttribute, LabelSet
from modelyard.annotation.shapes import Keypoint, Polygon, Rectangle, Shape, Skeleton
from modelyard.annotation.testing.skeletons import drawing_of

BOX = (0, 0, 9, 9)
JOINTS = ("left", "right", "nose")
LABELS = LabelSet(
    [
        Label("face", type="rectangle", attributes=(LabelAttribute("mood", "select", ("sad",)),)),
        Label(
            "pose",
            type="skeleton",
            sublabels=tuple(
                Label(name, type="points", attributes=(LabelAttribute("seen", "checkbox", ()),))
                for name in JOINTS
            ),
            svg=drawing_of(JOINTS),
        ),
    ]
)


def test_what_is_declared_passes_unchanged() -> None:
    shape = Rectangle("face", BOX, attributes=(Attribute("mood", "sad"),))

    assert conform(shape, LABELS) is shape


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        (Rectangle("Face", BOX), r"'Face' is not in .* did you mean \['face'\]"),
        (Polygon("face", (0, 0, 1, 0, 1, 1)), "'face' is for rectangle shapes, not for polygon"),
        (
            Rectangle("face", BOX, attributes=(Attribute("age", "3"),)),
            r"'face' does not have the attribute 'age'; it declares \['mood'\]",
        ),
        (
            Rectangle("face", BOX, attributes=(Attribute("mood", "glad"),)),
            r"'mood' of label 'face' cannot be 'glad'; it declares \['sad'\]",
        ),
        (
            Skeleton("pose", (Keypoint("ear", (1, 1)),)),
            r"'pose' does not have the sublabel 'ear'; it declares \['left', 'right', 'nose'\]",
        ),
        (
            Skeleton("pose", (Keypoint("nose", (1, 1), attributes=(Attribute("x", "1"),)),)),
            r"'nose' does not have the attribute 'x'; it declares \['seen'\]",
        ),
    ],
)
def test_what_is_not_declared_is_named(shape: Shape, reason: str) -> None:
    with pytest.raises(LabelError, match=reason):
        conform(shape, LABELS)


def test_missing_joints_are_added_outside_at_the_centre_in_the_declared_order() -> None:
    nose, left = Keypoint("nose", (10, 30)), Keypoint("left", (20, 10))

    complete = conform(Skeleton("pose", (nose, left), confidence=0.5), LABELS)

    assert complete == Skeleton(
        "pose", (left, Keypoint("right", (15, 20), outside=True), nose), confidence=0.5
    )
