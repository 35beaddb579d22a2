"""All patches."""

from typing import Final

from patch import Patch
from patches_exports import EXPORTS
from patches_folders import FOLDERS
from patches_names import NAMES
from patches_wide import WIDE

PATCHES: Final[tuple[Patch, ...]] = (*NAMES, *FOLDERS, *EXPORTS, *WIDE)
