"""The kinds of code blocks on a page: commands, files to write, or illustrations.

| opening fence | meaning |
|---|---|
| ```` ```sh ```` | commands; `.ci/docs` runs them, page by page, from top to bottom |
| ```` ```sh serves:8081 ```` | the same for a server; the next block waits for its port |
| ```` ```sh docker ```` | commands with that requirement |
| ```` ```python path/of/a/file.py ```` | a file for the reader to write |
| ```` ```json ````, ```` ```text ````, … | an illustration |
"""

from collections.abc import Iterator
from typing import Final

from pages.document import Block, Document

SHELL: Final = "sh"
SERVES: Final = "serves:"
# Requirements that the machine running `.ci/run` may lack; `cache` is a server, which
# `.ci/reproducible` starts in its own way, `network` a model of the reader's, `upgrade` updates
# versions in the repository, and `weights` are files whose author publishes no digest.
NEEDS: Final = frozenset(
    {"cache", "cvat", "docker", "gpu", "kubernetes", "network", "nuclio", "upgrade", "weights"}
)


def is_run(block: Block, needs: frozenset[str] = frozenset()) -> bool:
    """Whether the block has commands that a machine with `needs` can run."""
    return block.info[:1] == (SHELL,) and not need(block) - needs


def need(block: Block) -> frozenset[str]:
    """Return the commands' requirements, beyond the repository."""
    return frozenset(word for word in block.info[1:] if not word.startswith(SERVES))


def port(block: Block) -> int | None:
    """Return the port of the server that the commands start."""
    for word in block.info[1:]:
        if word.startswith(SERVES):
            return int(word.removeprefix(SERVES))
    return None


def file_path(block: Block) -> str | None:
    """Return the path of the file in the block."""
    return block.info[1] if len(block.info) == 2 and block.info[0] != SHELL else None


def problems(document: Document) -> Iterator[str]:
    """Yield problems with the labels of the page's blocks, one line each."""
    for block in document.blocks:
        if not block.info:
            yield f"{document.path}:{block.line}: the code block has no language, such as `sh`"
        elif block.info[0] == SHELL and (unknown := need(block) - NEEDS):
            known = ", ".join(sorted(NEEDS))
            yield (
                f"{document.path}:{block.line}: commands may need {known}; "
                f"not {', '.join(sorted(unknown))}"
            )
