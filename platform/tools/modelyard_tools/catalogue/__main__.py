"""docs/catalogue.md: `./pants run platform/tools/modelyard_tools/catalogue:write`, after packaging.

With `--measure`, the functions deployed on this machine are called again: their times go into
docs/catalogue.json, their results into docs/images/catalogue. With `--check`, nothing is written,
and exit code 1 means that the page is out of date.
"""

import argparse
import sys
from pathlib import Path
from typing import Final

import msgspec

from modelyard_tools.catalogue.entry import CatalogueError, Entry, read_entries
from modelyard_tools.catalogue.page import PICTURES, Measured, page

_DIST: Final = Path("dist")
_DOCS: Final = Path("docs")


def main() -> int:
    """Write the page and return the exit code."""
    parser = argparse.ArgumentParser(prog="catalogue", description="Write docs/catalogue.md.")
    parser.add_argument("--check", action="store_true", help="only check whether it is up to date")
    parser.add_argument(
        "--measure", metavar="WHERE", help="measure again; WHERE describes the machine"
    )
    options = parser.parse_args()
    try:
        entries = read_entries(_DIST, Path.cwd())
        if options.measure:
            _measure(entries, options.measure)
        text = page(entries, _measured(), (path.stem for path in (_DOCS / PICTURES).glob("*.jpg")))
    except (CatalogueError, OSError, msgspec.DecodeError) as error:
        print(f"catalogue: {error}", file=sys.stderr)
        return 1
    path = _DOCS / "catalogue.md"
    if options.check:
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"catalogue: {path} is out of date; run this without --check", file=sys.stderr)
            return 1
        return 0
    path.write_text(text, encoding="utf-8")
    return 0


def _measured() -> Measured:
    return msgspec.json.decode((_DOCS / "catalogue.json").read_bytes(), type=Measured)


def _measure(entries: list[Entry], where: str) -> None:
    # Only this needs the image library.
    from modelyard_tools.catalogue.measure import TIMES, measure  # noqa: PLC0415

    folder = _DOCS / PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    seconds = {}
    for entry in entries:
        if entry.weights is not None:
            took, picture = measure(entry)
            seconds[entry.name] = round(took, 4)
            (folder / f"{entry.name}.jpg").write_bytes(picture)
            print(f"{entry.name}: {took * 1000:.0f} ms")
    measured = msgspec.json.encode(Measured(where, TIMES, seconds))
    (_DOCS / "catalogue.json").write_bytes(msgspec.json.format(measured, indent=1) + b"\n")


if __name__ == "__main__":
    sys.exit(main())
