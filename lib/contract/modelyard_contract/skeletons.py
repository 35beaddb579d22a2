"""The drawing of a skeleton label: its joints and the bones between them.

It is an SVG fragment in CVAT's format: a `circle` for each joint, with `data-node-id` and
`data-label-name`, and a `line` for each bone, with the node ids `data-node-from` and
`data-node-to`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

_JOINT = {"data-type": "element node"}
_JOINT_KEYS = ("data-element-id", "data-node-id", "data-label-name", "cx", "cy")
_BONE_KEYS = ("data-node-from", "data-node-to")
# CVAT's canvas for a skeleton ranges from 0 to this on both axes.
_CANVAS = 100


class DrawingError(ValueError):
    """The drawing and the joints do not match; the message says where."""


@dataclass(frozen=True)
class Drawing:
    """The content of a skeleton's drawing.

    Attributes:
        joints: Names of the sublabels in the order of the drawing.
        bones: Pairs of joints connected by a line.
    """

    joints: tuple[str, ...]
    bones: tuple[tuple[str, str], ...]


def read_drawing(svg: str) -> Drawing:
    """Read a drawing.

    Raises:
        DrawingError: a circle lacks an attribute that CVAT needs or occurs twice, or a line
            connects a missing circle.
    """
    reader = _Reader()
    reader.feed(svg)
    reader.close()
    joints = [_joint(circle) for circle in reader.circles]
    _require_unique("data-node-id", [node for node, _ in joints])
    _require_unique("data-label-name", [name for _, name in joints])
    names = dict(joints)
    return Drawing(tuple(names.values()), tuple(_bone(line, names) for line in reader.lines))


def check_drawing(svg: str, joints: Iterable[str]) -> None:
    """Check that a drawing has exactly these joints.

    Raises:
        DrawingError: its joints differ, or it cannot be read.
    """
    odd = sorted(set(read_drawing(svg).joints) ^ set(joints))
    if odd:
        raise DrawingError(f"its circles and the sublabels differ: {', '.join(map(repr, odd))}")


class _Reader(HTMLParser):
    """Collects the attributes of circles and lines; unlike an XML parser it expands no entities."""

    def __init__(self) -> None:
        super().__init__()
        self.circles: list[dict[str, str]] = []
        self.lines: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        collected = {"circle": self.circles, "line": self.lines}.get(tag)
        if collected is not None:
            collected.append({name: value or "" for name, value in attrs})


def _joint(circle: Mapping[str, str]) -> tuple[str, str]:
    """Return the node id and the name of a joint."""
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


def _bone(line: Mapping[str, str], names: Mapping[str, str]) -> tuple[str, str]:
    """Return the names of the joints that a line connects; `names` are those of nodes."""
    for key in _BONE_KEYS:
        if line.get(key) not in names:
            raise DrawingError(f"a line has {key}={line.get(key)!r}, which no circle has")
    start, end = (names[line[key]] for key in _BONE_KEYS)
    return start, end


def _require_unique(key: str, values: Sequence[str]) -> None:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise DrawingError(f"two circles have {key}={twice[0]!r}")


def _on_canvas(text: str) -> bool:
    try:
        return 0 <= float(text) <= _CANVAS
    except ValueError:
        return False
