"""Drawings in the format of CVAT's label constructor."""

from __future__ import annotations

import pytest

from modelyard_contract.skeletons import Drawing, DrawingError, check_drawing, read_drawing

CIRCLE = (
    '<circle data-type="element node" data-element-id="{n}" data-node-id="{n}" '
    'data-label-name="{name}" cx="{n}0" cy="99.5"/>'
)
LINE = '<line data-type="edge" data-node-from="1" data-node-to="2" x1="1"></line>'
SVG = CIRCLE.format(n=1, name="nose") + CIRCLE.format(n=2, name="tail") + LINE


def test_joints_and_bones_are_read() -> None:
    ear = CIRCLE.format(n=3, name="ear&amp;eye")
    bone = '<line data-node-from="2" data-node-to="3"/>'
    drawing = read_drawing(f"{bone}\n{SVG}\n{ear}")
    assert drawing.joints == ("nose", "tail", "ear&eye")
    assert drawing.bones == (("tail", "ear&eye"), ("nose", "tail"))


def test_broken_markup_has_no_joints() -> None:
    assert read_drawing("<circle <<< &#xffffffff;") == Drawing((), ())


def test_a_drawing_of_the_joints_is_accepted() -> None:
    check_drawing(SVG, ["tail", "nose"])


@pytest.mark.parametrize(
    ("svg", "message"),
    [
        ("", "its circles and the sublabels differ: 'nose', 'tail'"),
        (CIRCLE.format(n=1, name="nose"), "differ: 'tail'"),
        (SVG + CIRCLE.format(n=3, name="ear"), "differ: 'ear'"),
        (SVG + CIRCLE.format(n=3, name="tail"), "two circles have data-label-name='tail'"),
        (SVG + CIRCLE.format(n=2, name="ear"), "two circles have data-node-id='2'"),
        (SVG.replace('data-element-id="1"', ""), "a circle lacks data-element-id"),
        (SVG.replace('cx="10"', ""), "a circle lacks cx"),
        (SVG.replace('cx="10"', 'cx="left"'), "cx='left'; a number from 0 to 100"),
        (SVG.replace('cx="10"', 'cx="nan"'), "cx='nan'"),
        (SVG.replace('cy="99.5"', 'cy="100.1"'), "cy='100.1'"),
        (SVG.replace("element node", "node"), "data-type='node'; 'element node' is needed"),
        (SVG.replace('data-node-to="2"', 'data-node-to="3"'), "data-node-to='3', which no circle"),
        (SVG.replace('data-node-from="1"', ""), "data-node-from=None"),
    ],
)
def test_what_cvat_cannot_draw_is_refused(svg: str, message: str) -> None:
    with pytest.raises(DrawingError) as error:
        check_drawing(svg, ["nose", "tail"])
    assert message in str(error.value)
