"""What `new-function` prints about a network: what was read, and from where."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from modelyard.inference.readers.facts import Reading
    from modelyard_tools.scaffold.preview import Preview

_SHOWN: Final = 6
_WIDTH: Final = 44


def table(reading: "Reading") -> str:
    """Return a table of head, options and classes, each with its source."""
    rows = list(_rows(reading))
    key = max(len(row[0]) for row in rows)
    value = min(_WIDTH, max(len(row[1]) for row in rows))
    return "\n".join(f"  {row[0]:{key}}  {row[1]:{value}}  {row[2]}" for row in rows)


def seen(picture: Path, drawing: Path, preview: "Preview") -> str:
    """Return what was found in a picture."""
    listed = ", ".join(f"{count} {label}" for label, count in sorted(preview.counts.items()))
    return f"In {picture} it finds {listed or 'nothing'}; drawn in {drawing}."


def _rows(reading: "Reading") -> Iterator[tuple[str, str, str]]:
    yield "head", reading.head, reading.said_by
    for key, value in reading.options.items():
        yield key, json.dumps(value), reading.sources[key]
    names = list(reading.names.values())
    listed = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    yield f"labels ({len(names)})", listed, reading.named_by
    yield "label type", reading.label_type, "the head and its task"
    if reading.joints:
        joints = ", ".join(reading.joints[:_SHOWN])
        yield f"joints ({len(reading.joints)})", joints, "the same"
