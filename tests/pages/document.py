"""Parsing of Markdown pages, as far as these checks need it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.anchors import anchors_plugin


@dataclass(frozen=True)
class Block:
    """A code block; `info` are the words after its opening fence."""

    line: int
    info: tuple[str, ...]
    content: str


@dataclass(frozen=True)
class Span:
    """A link's target, or inline code."""

    line: int
    text: str


@dataclass(frozen=True)
class Document:
    """A page. Lines count from 1; `anchors` are those of its headings on GitHub."""

    path: Path
    anchors: frozenset[str]
    links: tuple[Span, ...]
    codes: tuple[Span, ...]
    blocks: tuple[Block, ...]


def read_document(path: Path) -> Document:
    """Read a page.

    Raises:
        OSError: it cannot be read.
    """
    parser = MarkdownIt("commonmark").enable("table").use(anchors_plugin, max_level=6)
    tokens = parser.parse(path.read_text(encoding="utf-8"))
    inner = [(_line(token), child) for token in tokens for child in token.children or ()]
    return Document(
        path=path,
        anchors=frozenset(
            str(token.attrs["id"]) for token in tokens if token.type == "heading_open"
        ),
        links=tuple(Span(line, href) for line, child in inner for href in _targets(child)),
        codes=tuple(
            Span(line, child.content) for line, child in inner if child.type == "code_inline"
        ),
        blocks=tuple(
            Block(_line(token), tuple(token.info.split()), token.content)
            for token in tokens
            if token.type in ("fence", "code_block")
        ),
    )


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0


def _targets(token: Token) -> Iterator[str]:
    for name in {"link_open": ("href",), "image": ("src",)}.get(token.type, ()):
        yield str(token.attrs[name])
