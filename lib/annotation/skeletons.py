"""CVAT's drawing of a skeleton: which joints there are and which of them are joined.

The drawing is a piece of SVG: a `circle` per joint, with `data-node-id` and
`data-label-name`, and a `line` per bone, with the node ids `data-node-from` and
`data-node-to`. CVAT refuses a function whose joints and sublabels differ.
"""

from html.parser import HTMLParser

import msgspec

from annotation.errors import LabelError


class Template(msgspec.Struct, frozen=True):
    """What the drawing of a skeleton says.

    Attributes:
        joints: Names of the sublabels in the order of the drawing.
        bones: Pairs of them that a line joins.
    """

    joints: tuple[str, ...]
    bones: tuple[tuple[str, str], ...]

    @classmethod
    def from_svg(cls, svg: str) -> "Template":
        """Read the drawing.

        Raises:
            LabelError: a circle lacks its node id or name, or a line joins an unknown node.
        """
        reader = _Reader()
        reader.feed(svg)
        reader.close()
        try:
            names = {circle["data-node-id"]: circle["data-label-name"] for circle in reader.circles}
            ends = [(line["data-node-from"], line["data-node-to"]) for line in reader.lines]
            bones = tuple((names[start], names[end]) for start, end in ends)
        except KeyError as missing:
            raise LabelError(f"svg: no {missing.args[0]!r} where it is needed") from None
        return cls(tuple(names.values()), bones)


class _Reader(HTMLParser):
    """Collects the attributes of circles and lines; unlike XML parsers it expands nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.circles: list[dict[str, str]] = []
        self.lines: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "circle":
            self.circles.append(attributes)
        elif tag == "line":
            self.lines.append(attributes)
