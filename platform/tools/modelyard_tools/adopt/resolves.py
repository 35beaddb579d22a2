"""Which modules a function may import: those in its resolve."""

import re
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Final

from modelyard_contract.frameworks import FRAMEWORKS

# Distributions whose names differ from those of their modules.
_DISTRIBUTIONS: Final = {
    "PIL": "pillow",
    "cv2": "opencv-python-headless",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}


def resolve_of(framework: str) -> str:
    """Return the resolve of a framework for functions without a GPU."""
    return FRAMEWORKS[framework]["cpu"]


def missing_modules(modules: Collection[str], resolve: str, repository: Path) -> set[str]:
    """Return those of the top-level `modules` that nothing in the resolve provides."""
    file = repository / "3rdparty" / "python" / resolve / f"{resolve}.in"
    given = {_normal(name) for name in re.findall(r"^[\w.-]+", file.read_text(), re.MULTILINE)}
    return {
        module
        for module in modules
        if module not in sys.stdlib_module_names
        and not (repository / "lib" / module).is_dir()
        and distribution_of(module) not in given
    }


def distribution_of(module: str) -> str:
    """Return the distribution that most likely contains a module."""
    return _normal(_DISTRIBUTIONS.get(module, module))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
