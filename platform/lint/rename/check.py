"""Check a renamed tree: every import of our own resolves, and no old name is left.

    python3.11 -B platform/lint/rename/check.py

Prints what is wrong, a line each, and ends with 1 then.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import tree
from layout import PLUGINS, Content, before
from resolving import Sources, unresolved
from rewriting import new_text
from text import TextRules

# Of the new library, though it looks like the plugin's old name: text in these files.
_LIBRARY: Final = "from modelyard -> from modelyard_pants"
_ALLOWED: Final = frozenset(
    (f"{PLUGINS}/modelyard_pants/util_rules/{name}.py", _LIBRARY)
    for name in ("exports", "exports_test")
)


def main() -> int:
    """Look at the tree; return the exit code."""
    repository = Path(__file__).resolve().parents[3]
    paths = [path for path in tree.files(repository) if (repository / path).is_file()]
    wrong = [*unresolved(Sources.of(repository, paths)), *_left(repository, paths)]
    for line in wrong:
        print(line)
    print(f"{len(paths)} files, {len(wrong)} things wrong")
    return 1 if wrong else 0


def _left(repository: Path, paths: list[str]) -> Iterator[str]:
    """Yield what the rules would still rewrite."""
    content = Content.of([before(path) for path in paths])
    for path in filter(tree.is_text, paths):
        rules = TextRules(content, in_plugin=path.startswith(f"{PLUGINS}/"))
        text = (repository / path).read_text(encoding="utf-8")
        if new_text(path, text, rules) != text and not rules.rewritten:
            yield f"{path}: an import of an old name, or a link to an old place"
        for change in rules.rewritten:
            if (path, change) not in _ALLOWED:
                yield f"{path}: still {change}"


if __name__ == "__main__":
    sys.exit(main())
