"""The files that only the new tree has: those below `new`, without the suffix `.txt`.

A BUILD file is called `build.txt` there, for Pants would read it.
"""

from pathlib import Path
from typing import Final

_NEW: Final = Path(__file__).parent / "new"


def write(repository: Path) -> None:
    """Write them."""
    for source in sorted(_NEW.rglob("*.txt")):
        target = repository / source.relative_to(_NEW).with_suffix("")
        if target.name == "build":
            target = target.with_name("BUILD")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
