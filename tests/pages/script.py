"""Converts a page's commands to a script: `./pants run tests/pages:script -- --into FOLDER PAGE…`.

Writes a file per page, with the suffix `.sh`, to be run by bash at the root of the repository.
Files shown on the page are written to their paths.
"""

import argparse
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from pages.blocks import NEEDS, file_path, is_run, port
from pages.document import Block, Document, read_document

_HEAD = """\
set -euo pipefail
serving=()
# Without its daemon Pants does not end when signalled; it ends when its program has ended.
end_what_serves() {
  for each in ${serving[@]+"${serving[@]}"}; do
    pkill -P "$each" || kill "$each" || true
  done
}
trap end_what_serves EXIT
await_port() {
  for _ in $(seq 600); do
    kill -0 "$2" || return 1
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0
    sleep 0.2
  done
  printf 'nothing listens on port %s\\n' "$1" >&2
  return 1
}
"""


def script(document: Document, needs: frozenset[str]) -> str:
    """Return the page's commands, those that a machine with `needs` can run."""
    parts = [part for block in document.blocks for part in _part(document, block, needs)]
    return "\n".join([_HEAD, *parts]) if parts else ""


def _part(document: Document, block: Block, needs: frozenset[str]) -> Iterator[str]:
    path = file_path(block)
    if path is not None:
        yield (
            f"mkdir -p {shlex.quote(os.path.dirname(path) or '.')}\n"
            f"cat >{shlex.quote(path)} <<'END OF THE FILE'\n{block.content}END OF THE FILE\n"
        )
    elif is_run(block, needs):
        yield f"printf '\\n--- %s\\n' {shlex.quote(f'{document.path}:{block.line}')}"
        yield _serving(block) if port(block) else _shown(block)


def _shown(block: Block) -> str:
    """Return the commands, each echoed as it runs."""
    return f"set -x\n{block.content}{{ set +x; }} 2>/dev/null\n"


def _serving(block: Block) -> str:
    return f"{block.content.rstrip()} &\nserving+=($!)\nawait_port {port(block)} $!\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the scripts; return the exit code."""
    parser = argparse.ArgumentParser(prog="script", description="Write the commands of pages.")
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--into", type=Path, required=True, metavar="FOLDER")
    parser.add_argument(
        "--have", nargs="*", default=[], choices=sorted(NEEDS), help="what this machine provides"
    )
    options = parser.parse_args(argv)
    for page in options.pages:
        text = script(read_document(page), frozenset(options.have))
        if text:
            path = options.into / f"{str(page).replace('/', '.')}.sh"
            path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
