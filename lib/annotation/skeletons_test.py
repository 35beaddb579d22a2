import pytest

from annotation.errors import LabelError
from annotation.skeletons import Template

ARM = """
<line x1="1" y1="1" x2="9" y2="9" data-type="edge" data-node-from="1" data-node-to="2"></line>
<line data-type="edge" data-node-from="2" data-node-to="3"/>
<circle r="0.75" cx="1" cy="1" data-type="element node" data-element-id="1" data-node-id="1"
        data-label-name="shoulder"></circle>
<circle data-type="element node" data-element-id="2" data-node-id="2" data-label-name="elbow"/>
<circle data-type="element node" data-element-id="3" data-node-id="3"
        data-label-name="hand&amp;arm"/>
"""


def test_joints_and_bones_are_read() -> None:
    template = Template.from_svg(ARM)

    assert template.joints == ("shoulder", "elbow", "hand&arm")
    assert template.bones == (("shoulder", "elbow"), ("elbow", "hand&arm"))


@pytest.mark.parametrize(
    ("svg", "missing"),
    [
        ('<circle data-node-id="1"/>', "data-label-name"),
        ('<circle data-label-name="a"/>', "data-node-id"),
        ('<line data-node-from="1" data-node-to="2"/>', "'1'"),
        ('<line data-node-from="1"/>', "data-node-to"),
    ],
)
def test_a_drawing_that_lacks_something_says_what(svg: str, missing: str) -> None:
    with pytest.raises(LabelError, match=missing):
        Template.from_svg(svg)


def test_broken_markup_has_no_joints() -> None:
    assert Template.from_svg("<circle <<< &#xffffffff;").joints == ()
