"""What the blocks of code on a page are: commands, files to write, or something to look at.

| opening fence | meaning |
|---|---|
| ```` ```sh ```` | commands; `.ci/docs` runs them, page by page, from top to bottom |
| ```` ```sh serves:8081 ```` | the same of a server; the next block waits for its port |
| ```` ```sh docker ```` | commands that need what that word says |
| ```` ```python path/of/a/file.py ```` | a file that the reader shall write |
| ```` ```json ````, ```` ```text ````, … | something to look at |
"""

from collections.abc import Iterator
from typing import Final

from pages.document import Block, Document

SHELL: Final = "sh"
SERVES: Final = "serves:"
# What the machine that runs `.ci/run` may not have; `cache` is a server, which `.ci/reproducible`
# starts in its own way, `network` a model of the reader's own, `upgrade` takes newer versions into
# the repository, and `weights` are files from an author who publishes no digest.
NEEDS: Final = frozenset(
    {"cache", "cvat", "docker", "gpu", "kubernetes", "network", "nuclio", "upgrade", "weights"}
)


def is_run(block: Block, needs: frozenset[str] = frozenset()) -> bool:
    """Whether these are commands that a machine with `needs` can run."""
    return block.info[:1] == (SHELL,) and not need(block) - needs


def need(block: Block) -> frozenset[str]:
    """Return what commands need, beyond the repository."""
    return frozenset(word for word in block.info[1:] if not word.startswith(SERVES))


def port(block: Block) -> int | None:
    """Return the port of the program that the commands leave running."""
    for word in block.info[1:]:
        if word.startswith(SERVES):
            return int(word.removeprefix(SERVES))
    return None


def file_path(block: Block) -> str | None:
    """Return the path of the file that the block is."""
    return block.info[1] if len(block.info) == 2 and block.info[0] != SHELL else None


def problems(document: Document) -> Iterator[str]:
    """Yield what is wrong with the labels of the page's blocks, a line each."""
    for block in document.blocks:
        if not block.info:
            yield f"{document.path}:{block.line}: the block does not say what it is, such as `sh`"
        elif block.info[0] == SHELL and (unknown := need(block) - NEEDS):
            known = ", ".join(sorted(NEEDS))
            yield (
                f"{document.path}:{block.line}: commands may need {known}; "
                f"not {', '.join(sorted(unknown))}"
            )
