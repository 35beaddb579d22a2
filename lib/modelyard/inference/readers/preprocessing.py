"""How transformers' image processors feed a network: `preprocessor_config.json` beside its file.

They resize with Pillow's filters, which average what a smaller pixel covers, or with torchvision's
of the same effect; PIL numbers them.
"""

from typing import Any, Final

from modelyard.inference.heads.options import IMAGENET_MEAN, IMAGENET_STD
from modelyard.inference.readers.facts import ASSUMED, DOCUMENTED, ModelFile, Reading, ReadingError

CONFIG: Final = "config.json"
PREPROCESSOR: Final = "preprocessor_config.json"
SOURCE: Final = f"{PREPROCESSOR} beside it"
_BILINEAR: Final = 2
_FILTERS: Final = {_BILINEAR: "bilinear_antialias", 3: "bicubic_antialias"}
_UNSCALED: Final = ("RTDetr", "DFine")
"""Beginnings of the architectures whose image processors only scale to 0..1."""


def stated(file: ModelFile, name: str) -> dict[str, Any]:
    """Return what one of transformers' files beside the network states; empty if there is none."""
    found = file.beside.get(name)
    return found if isinstance(found, dict) else {}


def architectures(file: ModelFile) -> list[str]:
    """Return transformers' classes of the network, as its config.json names them."""
    found = stated(file, CONFIG).get("architectures")
    return [str(name) for name in found] if isinstance(found, list) else []


def input_size(file: ModelFile) -> tuple[int, int] | None:
    """Return width and height to which the image processor stretches every picture, if it does."""
    size = stated(file, PREPROCESSOR).get("size")
    if not isinstance(size, dict):
        return None
    width, height = size.get("width"), size.get("height")
    return (width, height) if isinstance(width, int) and isinstance(height, int) else None


def feed(file: ModelFile, reading: Reading, known: bool) -> None:
    """Set how pictures are resized and normalised.

    Args:
        file: The network's file.
        reading: Gets `interpolation`, `mean` and `scale`.
        known: Whether the architecture is one whose image processor normalises by default as
            `_UNSCALED` and ImageNet's mean say.

    Raises:
        ReadingError: the configuration resizes as no head does.
    """
    settings = stated(file, PREPROCESSOR)
    if not settings:
        reading.set(DOCUMENTED, interpolation=_FILTERS[_BILINEAR])
        _normalise(file, reading, known)
        return
    resample = settings.get("resample", _BILINEAR)
    if resample not in _FILTERS:
        raise ReadingError(
            f"{PREPROCESSOR} beside {file.name} resizes with Pillow's filter {resample}, but heads "
            "have only 2 and 3: correct it, or state --head and --option"
        )
    factor = settings.get("rescale_factor", 1 / 255) if settings.get("do_rescale", True) else 1
    mean, std = [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]
    if settings.get("do_normalize"):
        mean = settings.get("image_mean") or mean
        std = settings.get("image_std") or std
    reading.set(
        SOURCE,
        interpolation=_FILTERS[resample],
        mean=[round(value / factor, 4) for value in mean],
        scale=[round(value / factor, 4) for value in std],
    )


def _normalise(file: ModelFile, reading: Reading, known: bool) -> None:
    if any(name.startswith(_UNSCALED) for name in architectures(file)):
        reading.set(DOCUMENTED, mean=[0.0, 0.0, 0.0], scale=[255.0, 255.0, 255.0])
        return
    source = DOCUMENTED if known else f"{ASSUMED} (ImageNet's, as DETR)"
    reading.set(source, mean=list(IMAGENET_MEAN), scale=list(IMAGENET_STD))
