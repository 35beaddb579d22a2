"""Asks the readers in order: what a file states, names, then shapes with a run."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from modelyard.inference.readers import (
    anchors,
    final,
    maps,
    rows,
    tags,
    transformers,
    ultralytics,
)
from modelyard.inference.readers.facts import (
    Arrays,
    ModelFile,
    Probe,
    Reading,
    ReadingError,
    image_size,
    is_image,
)

_READERS: Final[Sequence[Callable[[ModelFile, Probe], Reading | None]]] = (
    ultralytics.read,
    transformers.read,
    final.read,
    tags.read,
    rows.read,
    anchors.read,
    maps.read,
)
_STRUCTURE: Final = ("task", "kpt_shape", "boxes", "box_unit", "activation", "channels")
"""Options that depend on the file alone, not on an author's wishes."""


def read(file: ModelFile, probe: Probe) -> Reading | None:
    """Return how to feed a network and read its outputs; None if no reader knows them.

    Args:
        file: What is known of it.
        probe: Runs it; called at most once.

    Raises:
        ReadingError: the file contradicts itself, or what it is remains doubtful.
    """
    found: list[Sequence[Arrays]] = []

    def run() -> Sequence[Arrays]:
        if not found:
            found.append(_checked(file, probe()))
        return found[0]

    for reader in _READERS:
        reading = reader(file, run)
        if reading is not None:
            return _sized(file, reading)
    return None


def read_unrun(file: ModelFile) -> Reading | None:
    """Return how to read a network that cannot be run here, from what its file states alone.

    Raises:
        ReadingError: the file contradicts itself.
    """
    return ultralytics.read(file) or transformers.rf_detr(file)


def contradiction(file: ModelFile, head: str, options: Mapping[str, Any]) -> str | None:
    """Return how a head or its options contradict what the file states of itself, else None.

    Args:
        file: What is known of it.
        head: Name of the head.
        options: All options of the head, defaults included.
    """
    try:
        reading = ultralytics.read(file)
    except ReadingError:
        # The outputs are checked against the head anyway.
        return None
    if reading is None:
        return None
    if reading.head != head:
        return f"{file.name} has task {file.metadata['task']!r} in its metadata and needs " + (
            f"head={reading.head!r}, not {head!r}"
        )
    for key in _STRUCTURE:
        stated, given = reading.options.get(key), options.get(key)
        if stated is not None and _plain(given) != _plain(stated):
            return (
                f"{file.name} has {key} {stated!r} in its metadata, but head_options[{key}] is "
                + (f"{_plain(given)!r}")
            )
    return None


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, (list, tuple)) else value


def _checked(file: ModelFile, runs: Sequence[Arrays]) -> Sequence[Arrays]:
    """Return the runs, if they contain numbers.

    Raises:
        ReadingError: an output is NaN throughout.
    """
    for port in file.outputs:
        arrays = [run[port.name] for run in runs if run[port.name].size]
        if arrays and not any(np.isfinite(array.astype(np.float64)).any() for array in arrays):
            raise ReadingError(
                f"{file.name} returned no number in its output {port.name} for any picture, only "
                "NaN; export it again, in float32"
            )
    return runs


def _sized(file: ModelFile, reading: Reading) -> Reading:
    """Refuse an input that no head feeds.

    Raises:
        ReadingError: it is not an image of one or three channels.
    """
    if image_size(file) is None:
        seen = ", ".join(f"{port.name} {port.shape}" for port in file.inputs)
        images = [port for port in file.inputs if is_image(port.shape)]
        what = "an image of 1 or 3 channels" if not images else "a single image"
        raise ReadingError(f"{file.name} takes {seen}, not {what}")
    return reading
