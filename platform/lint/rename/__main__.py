"""Rename the packages of this repository: see README.md beside this.

python3.11 -B platform/lint/rename --ruff PATH_OF_RUFF [--check]
"""

import argparse
import sys
from pathlib import Path

import added
import ruff
import tree
from layout import PLUGINS, Content, moved
from patches import PATCHES
from python import UnsupportedError
from rewriting import new_text
from text import TextRules
from wrapping import wrapped


def main() -> int:
    """Do it, or with `--check` say what would change; return the exit code."""
    parser = argparse.ArgumentParser(prog="rename", description=__doc__)
    parser.add_argument("--ruff", type=Path, required=True, help="the program of Ruff")
    parser.add_argument("--check", action="store_true", help="only say what would change")
    options = parser.parse_args()
    repository = Path(__file__).resolve().parents[3]
    try:
        contents = new_contents(repository)
        if options.check:
            return 0
        tree.require_clean(repository)
    except (tree.NotCleanError, UnsupportedError) as error:
        print(f"rename: {error}", file=sys.stderr)
        return 2
    tree.move(repository)
    for path, content in contents.items():
        (repository / moved(path)).write_text(content, encoding="utf-8")
    return finish(repository, options.ruff)


def new_contents(repository: Path) -> dict[str, str]:
    """Return the content of what changes, by its path in the old tree, and print each change.

    Raises:
        UnsupportedError: an import has a form that is not rewritten.
    """
    paths = tree.files(repository)
    content = Content.of(paths)
    changed = {}
    for path in filter(tree.is_text, paths):
        old = (repository / path).read_text(encoding="utf-8")
        rules = TextRules(content, in_plugin=path.startswith(f"{PLUGINS}/"))
        new = wrapped(path, old, new_text(path, old, rules))
        for line in rules.rewritten:
            print(f"{path}: {line}")
        if new != old:
            changed[path] = new
    print(f"{len(changed)} of {len(paths)} files change")
    return changed


def finish(repository: Path, ruff_program: Path) -> int:
    """Add what is new, apply the patches, sort and format; return the exit code."""
    added.write(repository)
    idle = [patch for patch in PATCHES if not patch.apply(repository)]
    for patch in idle:
        print(f"rename: nothing to patch in {patch.files}: {patch.old!r}", file=sys.stderr)
    tidy = ruff.tidied(repository, ruff_program)
    return 1 if idle or not tidy else 0


if __name__ == "__main__":
    sys.exit(main())
