"""detectron2's own names, imported so that it runs on today's libraries.

detectron2 0.6 wants three things that are not there: the operators of torchvision, a name that
Pillow 10 dropped, and compiled operators of its own, which its package on the index lacks.
"""

import logging
import sys
import warnings
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final

import PIL.Image

from modelyard.models.detectron2.operators import provide_operators

_COMPILED: Final = "detectron2._C"


class CompiledOperatorError(Exception):
    """Something needs detectron2's compiled operators, and they are not there."""


class _Missing(ModuleType):
    """Stands in for the compiled operators until one of them is called."""

    def __getattr__(self, name: str) -> Any:
        """Refuse every operator; Python itself asks modules for names in underscores."""
        if name.startswith("__"):
            raise AttributeError(name)
        raise CompiledOperatorError(
            f"{_COMPILED}.{name} is not compiled here; docs/detectron2.md says how to have it"
        )


provide_operators()
if not hasattr(PIL.Image, "LINEAR"):
    PIL.Image.LINEAR = PIL.Image.Resampling.BILINEAR  # type: ignore[attr-defined]

# It warns of its own configurations, which come with it and are pinned with it, and of itself.
logging.getLogger("fvcore.common.config").setLevel(logging.ERROR)
warnings.filterwarnings("ignore", "torch.meshgrid")

COMPILED: Final = find_spec(_COMPILED) is not None
"""Whether detectron2's own compiled operators are there."""
if not COMPILED:
    sys.modules[_COMPILED] = _Missing(_COMPILED)

from detectron2.config import CfgNode, get_cfg  # noqa: E402
from detectron2.data import MetadataCatalog  # noqa: E402
from detectron2.data.transforms import ResizeShortestEdge  # noqa: E402
from detectron2.modeling import build_model  # noqa: E402
from detectron2.structures import Boxes, Instances  # noqa: E402

__all__ = [
    "COMPILED",
    "Boxes",
    "CfgNode",
    "CompiledOperatorError",
    "Instances",
    "MetadataCatalog",
    "ResizeShortestEdge",
    "build_model",
    "get_cfg",
]
