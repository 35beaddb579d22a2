"""An exact replacement in files of the new tree, for what no rule finds."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

PLUGIN: Final = "platform/pants-plugins/modelyard_pants"
TOOLS: Final = "platform/tools/modelyard_tools"
LIBRARY: Final = "lib/modelyard"


@dataclass(frozen=True)
class Patch:
    """`old` becomes `new`, wherever it stands in the files that the pattern `files` matches."""

    files: str
    old: str
    new: str

    def apply(self, repository: Path) -> bool:
        """Change the files, and say whether there was anything to change."""
        applied = False
        for path in sorted(repository.glob(self.files)):
            text = path.read_text(encoding="utf-8")
            if self.old in text:
                path.write_text(text.replace(self.old, self.new), encoding="utf-8")
                applied = True
        return applied
