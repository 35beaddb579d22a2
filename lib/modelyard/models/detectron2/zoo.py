"""The configurations of detectron2's model zoo, by name."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import detectron2

from modelyard.models.detectron2.importing import COMPILED, get_cfg

_NETWORKS: Final = ("GeneralizedRCNN", "PanopticFPN", "RetinaNet")


class ConfigurationError(Exception):
    """The configuration does not exist or a function cannot run it; one line, with its name."""


def configurations() -> tuple[str, ...]:
    """Return the names of all configurations, such as COCO-Detection/retinanet_R_50_FPN_3x.yaml."""
    folder = _folder()
    return tuple(sorted(path.relative_to(folder).as_posix() for path in folder.glob("*/*.yaml")))


def open_configuration(name: str) -> Any:
    """Return a configuration to run its network on one CPU or GPU.

    Args:
        name: As in detectron2's MODEL_ZOO.md, with or without `.yaml`.

    Returns:
        A CfgNode of detectron2. Fields that name weights are empty; synchronised batch
        normalisation, which is only for training on several GPUs, is replaced by a plain one.

    Raises:
        ConfigurationError: see `ConfigurationError`.
    """
    file = name if name.endswith(".yaml") else f"{name}.yaml"
    known = configurations()
    if file not in known:
        similar = get_close_matches(file, known, n=3, cutoff=0.5)
        hint = f"; did you mean {', '.join(similar)}?" if similar else ""
        raise ConfigurationError(f"detectron2's zoo does not have the configuration {name!r}{hint}")
    configuration = get_cfg()
    configuration.merge_from_file(str(_folder() / file))
    configuration.MODEL.WEIGHTS = ""
    configuration.MODEL.DEVICE = "cpu"
    for part in configuration.MODEL.values():
        if getattr(part, "NORM", None) == "SyncBN":
            part.NORM = "BN"
    refuse_unsupported(configuration, name)
    return configuration


def refuse_unsupported(configuration: Any, name: str) -> None:
    """Raise `ConfigurationError` if a function cannot run the network of a configuration."""
    needs = ", ".join(_compiled_parts(configuration.MODEL))
    if needs and not COMPILED:
        raise ConfigurationError(
            f"{name} needs detectron2's compiled operators ({needs}), which its package on the "
            "index lacks; see docs/detectron2.md"
        )
    network = configuration.MODEL.META_ARCHITECTURE
    if network not in _NETWORKS:
        raise ConfigurationError(
            f"{name} is a {network}, which does not find labelled objects; accepted: "
            f"{', '.join(_NETWORKS)}"
        )
    if configuration.MODEL.LOAD_PROPOSALS:
        raise ConfigurationError(
            f"{name} reads its proposals from a file of the training set; "
            "use a faster_rcnn configuration, which computes them itself"
        )


def _compiled_parts(model: Any) -> Iterator[str]:
    """Name the parts of a network that call detectron2's own compiled operators."""
    if any(model.RESNETS.DEFORM_ON_PER_STAGE):
        yield "deformable convolution"
    names = (
        model.ANCHOR_GENERATOR.NAME,
        model.PROPOSAL_GENERATOR.NAME,
        model.ROI_HEADS.NAME,
        model.ROI_BOX_HEAD.POOLER_TYPE,
    )
    if any(name.startswith(("Rotated", "RRPN", "RROI")) or "Rotated" in name for name in names):
        yield "rotated boxes"
    heads = (model.ROI_BOX_HEAD, model.ROI_MASK_HEAD, model.ROI_KEYPOINT_HEAD)
    if any(head.POOLER_TYPE == "ROIPool" for head in heads):
        yield "ROIPool"


def _folder() -> Path:
    # Without importing detectron2.model_zoo, which needs setuptools' old pkg_resources.
    return Path(detectron2.__file__).parent / "model_zoo" / "configs"
