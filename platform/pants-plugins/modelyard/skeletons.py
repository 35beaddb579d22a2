"""The drawing of a skeleton label: a piece of SVG with a circle a joint and a line a bone.

Pure Python: no Pants imports.
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Iterable, Mapping, Sequence

_JOINT = {"data-type": "element node"}
_JOINT_KEYS = ("data-element-id", "data-node-id", "data-label-name", "cx", "cy")
_BONE_KEYS = ("data-node-from", "data-node-to")
# CVAT's canvas for a skeleton goes from 0 to this on both axes.
_CANVAS = 100


class DrawingError(ValueError):
    """The drawing and the joints it is of do not agree; the message says where."""


class _Reader(HTMLParser):
    """Collects the attributes of circles and lines; unlike an XML parser it expands nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.circles: list[dict[str, str]] = []
        self.lines: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        collected = {"circle": self.circles, "line": self.lines}.get(tag)
        if collected is not None:
            collected.append({name: value or "" for name, value in attrs})


def check_drawing(svg: str, joints: Iterable[str]) -> None:
    """Raise `DrawingError` unless `svg` draws exactly `joints`, each where CVAT can show it."""
    reader = _Reader()
    reader.feed(svg)
    reader.close()
    drawn = [_joint(circle) for circle in reader.circles]
    nodes, names = [node for node, _ in drawn], [name for _, name in drawn]
    _require_unique("data-node-id", nodes)
    _require_unique("data-label-name", names)
    odd = sorted(set(names) ^ set(joints))
    if odd:
        raise DrawingError(f"its circles and the sublabels differ: {', '.join(map(repr, odd))}")
    for line in reader.lines:
        for key in _BONE_KEYS:
            if line.get(key) not in nodes:
                raise DrawingError(f"a line has {key}={line.get(key)!r}, which no circle has")


def _joint(circle: Mapping[str, str]) -> tuple[str, str]:
    missing = [key for key in _JOINT_KEYS if not circle.get(key)]
    if missing:
        raise DrawingError(f"a circle lacks {missing[0]}")
    for key, value in _JOINT.items():
        if circle.get(key) != value:
            raise DrawingError(f"a circle has {key}={circle.get(key)!r}; {value!r} is needed")
    for axis in ("cx", "cy"):
        if not _on_canvas(circle[axis]):
            raise DrawingError(
                f"a circle has {axis}={circle[axis]!r}; a number from 0 to {_CANVAS} is needed"
            )
    return circle["data-node-id"], circle["data-label-name"]


def _require_unique(key: str, values: Sequence[str]) -> None:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise DrawingError(f"two circles have {key}={twice[0]!r}")


def _on_canvas(text: str) -> bool:
    try:
        return 0 <= float(text) <= _CANVAS
    except ValueError:
        return False
