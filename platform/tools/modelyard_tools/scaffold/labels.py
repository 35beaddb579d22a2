"""The labels of a new function, from what was read of its network."""

import math
from collections.abc import Iterator
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from modelyard.inference.readers.facts import Reading

_SKELETON: Final = "skeleton"
_CENTRE: Final = 50
_RADIUS: Final = 40


def label_specs(reading: Reading) -> Iterator[dict[str, Any]]:
    """Yield the label of each class, as CVAT accepts them."""
    for number, name in sorted(reading.names.items()):
        label: dict[str, Any] = {"id": number, "name": name, "type": reading.label_type}
        if reading.label_type == _SKELETON:
            label["sublabels"] = [
                {"id": joint, "name": name, "type": "points"}
                for joint, name in enumerate(reading.joints)
            ]
            label["svg"] = _drawing(reading.joints)
        yield label


def _drawing(joints: tuple[str, ...]) -> str:
    """Return CVAT's template of a skeleton: its joints on a circle, since a file has no drawing."""
    circles = []
    for number, name in enumerate(joints):
        angle = 2 * math.pi * number / len(joints)
        x = _CENTRE + _RADIUS * math.sin(angle)
        y = _CENTRE - _RADIUS * math.cos(angle)
        circles.append(
            f'<circle r="1.5" stroke="black" fill="#b3b3b3" cx="{x:.2f}" cy="{y:.2f}" '
            f'stroke-width="0.1" data-type="element node" data-element-id="{number + 1}" '
            f'data-node-id="{number + 1}" data-label-name={quoteattr(name)}></circle>'
        )
    return "".join(circles)
