"""docs/catalogue.md: the functions with what is known about each."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from modelyard_tools.catalogue.entry import Entry

PICTURES: Final = "images/catalogue"
_HEAD: Final = """\
# Catalogue

Written by `./pants run platform/tools/modelyard_tools/catalogue:write` from what
`./pants package functions::` made.
"""
_READY: Final = """
## Ready

Their weights come with packages. The time is that of one request over HTTP, from the picture's file
to the answer: the median of {times}, measured {where}.
"""
_BLOCKED: Final = """
## Waiting for weights

Their authors' servers, or a digest that somebody trusts; `./pants run ::deploy -- plan` says which.
Variants other than `cpu` are deployed under the function's name with theirs behind it, such as
`-openvino`; [Without torch](without-torch.md) and [GPU](gpu.md) say what they need.
"""
_MANY: Final = 6


class Measured(msgspec.Struct, frozen=True):
    """Measurements on one machine: seconds per request, by function."""

    where: str
    times: int
    seconds: Mapping[str, float]


def page(entries: Sequence[Entry], measured: Measured, pictures: Iterable[str]) -> str:
    """Return the page; `pictures` are the names of the functions that have a picture."""
    pictures = frozenset(pictures)
    ready = [entry for entry in entries if entry.weights is not None]
    waiting = [entry for entry in entries if entry.weights is None]
    parts = [_HEAD, _READY.format(times=measured.times, where=measured.where)]
    parts += [part for entry in ready for part in _ready(entry, measured, entry.name in pictures)]
    if waiting:
        parts += [
            _BLOCKED,
            "| Function | Type | What it does | Variants | Licence of the weights |",
            "|---|---|---|---|---|",
        ]
        parts += [_row(entry) for entry in waiting]
    return "\n".join(parts) + "\n"


def _ready(entry: Entry, measured: Measured, pictured: bool) -> Iterator[str]:
    yield f"\n### {entry.display_name}\n"
    yield f"{entry.description}\n"
    if pictured:
        yield f"![What {entry.name} answers]({PICTURES}/{entry.name}.jpg)\n"
    seconds = measured.seconds.get(entry.name)
    facts = {
        "Function": _link(entry),
        "Type": entry.type,
        "Variants": _variants(entry) if len(entry.variants) > 1 else "",
        "Labels": _labels(entry.labels),
        "Weights": f"{(entry.weights or 0) / 1e6:.1f} MB",
        "Time": f"{seconds * 1000:.0f} ms" if seconds else "",
        "Licence of the weights": _licence(entry),
        "Origin": entry.origin,
    }
    yield "| | |\n|---|---|"
    yield from (f"| {name} | {value} |" for name, value in facts.items() if value)


def _row(entry: Entry) -> str:
    cells = (_link(entry), entry.type, entry.description, _variants(entry), _licence(entry))
    return f"| {' | '.join(cells)} |"


def _variants(entry: Entry) -> str:
    return ", ".join(f"`{variant}`" for variant in entry.variants)


def _link(entry: Entry) -> str:
    return f"[`{entry.name}`]({posixpath.join('..', entry.address, 'README.md')})"


def _licence(entry: Entry) -> str:
    code = f" (code: {entry.code_licence})" if entry.code_licence else ""
    links = ", ".join(f"[source]({url})" for url in entry.licence_stated_at)
    return f"{entry.licence}{code}{f': {links}' if links else ''}"


def _labels(labels: Sequence[str]) -> str:
    if len(labels) <= _MANY:
        return ", ".join(labels)
    return f"{len(labels)}: {', '.join(labels[:_MANY])}, …"
