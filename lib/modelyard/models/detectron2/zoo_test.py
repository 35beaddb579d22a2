"""Every configuration of the zoo by name, and the errors for those that cannot run."""

from importlib import import_module

import pytest

from modelyard.models.detectron2.importing import (
    COMPILED,
    CompiledOperatorError,
    build_model,
    get_cfg,
)
from modelyard.models.detectron2.zoo import (
    ConfigurationError,
    configurations,
    open_configuration,
    refuse_unsupported,
)

NEEDS_COMPILED = {name for name in configurations() if "dconv" in name}
NO_OBJECTS = ("rpn_", "semantic_")
READS_PROPOSALS = "fast_rcnn_"

needs_none = pytest.mark.skipif(COMPILED, reason="detectron2's own operators are there")


def reason(name: str) -> str:
    try:
        open_configuration(name)
    except ConfigurationError as error:
        return str(error)
    return ""


@needs_none
def test_each_configuration_can_be_run_or_says_why_not() -> None:
    assert len(configurations()) > 80
    for name in configurations():
        stem, message = name.partition("/")[2], reason(name)
        assert "\n" not in message
        if name in NEEDS_COMPILED:
            assert message.startswith(
                f"{name} needs detectron2's compiled operators (deformable conv"
            )
            assert "docs/detectron2.md" in message
        elif stem.startswith(NO_OBJECTS):
            assert "does not find labelled objects" in message
        elif stem.startswith(READS_PROPOSALS):
            assert "use a faster_rcnn configuration" in message
        else:
            assert message == ""


@needs_none
@pytest.mark.parametrize(
    ("path", "value", "part"),
    [
        ("ANCHOR_GENERATOR.NAME", "RotatedAnchorGenerator", "rotated boxes"),
        ("PROPOSAL_GENERATOR.NAME", "RRPN", "rotated boxes"),
        ("ROI_HEADS.NAME", "RROIHeads", "rotated boxes"),
        ("ROI_BOX_HEAD.POOLER_TYPE", "ROIAlignRotated", "rotated boxes"),
        ("ROI_MASK_HEAD.POOLER_TYPE", "ROIPool", "ROIPool"),
    ],
)
def test_other_parts_that_need_compiled_operators(path: str, value: str, part: str) -> None:
    configuration = get_cfg()
    configuration.merge_from_list([f"MODEL.{path}", value])
    with pytest.raises(ConfigurationError, match=rf"mine needs .* \({part}\)"):
        refuse_unsupported(configuration, "mine")


@needs_none
def test_what_the_guard_misses_says_the_same() -> None:
    stand_in = import_module("detectron2._C")
    with pytest.raises(CompiledOperatorError, match=r"_C\.nms_rotated is not compiled here"):
        stand_in.nms_rotated()


def test_the_suffix_may_be_left_out() -> None:
    name = "COCO-Detection/retinanet_R_50_FPN_3x"
    assert open_configuration(name) == open_configuration(f"{name}.yaml")


def test_a_wrong_name_gets_a_hint_and_no_path_leads_elsewhere() -> None:
    message = reason("COCO-Detection/retinanet_R_101_FPN_9x")
    assert "did you mean COCO-Detection/retinanet_R_101_FPN_3x.yaml" in message
    for name in ("../model_zoo", "/etc/passwd", "Base-RetinaNet.yaml"):
        assert "does not have the configuration" in reason(name)


def test_synchronised_normalisation_becomes_a_plain_one() -> None:
    name = "Misc/mask_rcnn_R_50_FPN_3x_syncbn"
    network = build_model(open_configuration(name))
    kinds = {type(module).__name__ for module in network.modules()}
    assert "BatchNorm2d" in kinds
    assert not {kind for kind in kinds if "Sync" in kind}
