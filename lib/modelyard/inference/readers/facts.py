"""What readers are given, and what they return."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from modelyard.inference.heads.shapes import Outputs, listing

Arrays = Mapping[str, NDArray[Any]]
Probe = Callable[[], Sequence[Arrays]]
"""Runs the network on a few pictures, RGB 0..1; returns the outputs of each by name.

Raises `ReadingError` if the network cannot be run.
"""


class ReadingError(Exception):
    """The file is doubtful or contradicts itself; one line says what to write."""


class Port(NamedTuple):
    """An input or output: its name, its shape with -1 for any length, its dtype."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def ports(
    shapes: Mapping[str, tuple[int, ...]], dtypes: Mapping[str, np.dtype[Any]]
) -> Sequence[Port]:
    """Return a session's inputs or outputs."""
    return [Port(name, shape, dtypes[name]) for name, shape in shapes.items()]


class ModelFile(msgspec.Struct, frozen=True):
    """What is known of a network's file before it runs.

    Attributes:
        name: Name of the file, for messages.
        inputs: In the network's order.
        outputs: The same.
        metadata: Texts of the exporter by name, wherever the format keeps them.
        configuration: Model API's configuration (`model_info`).
        beside: What other files in its folder state, by their names: parsed JSON.
        producer: The program that wrote the file, if it says so: "pytorch", "tf2onnx".
        labels: Class names by number: the author's, or else those of the file.
        labelled_by: Where they are from.
    """

    name: str
    inputs: Sequence[Port]
    outputs: Sequence[Port]
    metadata: Mapping[str, str] = {}
    configuration: Mapping[str, str] = {}
    beside: Mapping[str, Any] = {}
    producer: str = ""
    labels: Mapping[int, str] = {}
    labelled_by: str = ""

    @property
    def shapes(self) -> Outputs:
        """Name and shape of each output."""
        return [(port.name, port.shape) for port in self.outputs]

    @property
    def suffix(self) -> str:
        """The file's extension in lower case."""
        return "." + self.name.rpartition(".")[2].lower()

    def listing(self) -> str:
        """Return the outputs for a message."""
        return listing(self.shapes)


class Reading(msgspec.Struct):
    """How to feed a network and decode its outputs, and where each value is from.

    Attributes:
        head: Name of the head.
        said_by: Where the head is from, to follow "from": "its metadata: task".
        options: The head's options.
        sources: Where each option is from, by its name.
        names: Class names by number; of the label ids, that is.
        named_by: Where the names are from.
        label_type: CVAT's type of the labels.
        joints: Names of a skeleton's joints, in order.
    """

    head: str
    said_by: str
    options: dict[str, Any] = {}
    sources: dict[str, str] = {}
    names: dict[int, str] = {}
    named_by: str = ""
    label_type: str = "any"
    joints: tuple[str, ...] = ()

    def set(self, source: str, **options: Any) -> None:
        """Set options and where they are from."""
        self.options |= options
        self.sources |= dict.fromkeys(options, source)

    def name(self, file: ModelFile, count: int | None, *, first: int = 0) -> None:
        """Set the class names: the file's, or else numbers.

        Args:
            file: Its `labels` count from 0.
            count: The number of classes; None if the outputs do not tell.
            first: The network's number of the first class.

        Raises:
            ReadingError: the names are not as many as the classes; or neither is known.
        """
        if not file.labels:
            if count is None or count < 1:
                raise ReadingError(
                    f"{file.name} selects its boxes itself, so it does not say how many classes it "
                    "has; add --labels FILE, a text file with a class name on each line"
                )
            self.names = {number: f"class {number}" for number in range(first, first + count)}
            self.named_by = "the number of classes; the file names none"
            return
        given = len(file.labels)
        dense = max(file.labels) == given - 1
        if count is not None and (max(file.labels) >= count or (dense and given != count)):
            raise ReadingError(
                f"{file.name} has {count} classes ({file.listing()}), but {file.labelled_by} has "
                f"{given}; correct the names with --labels FILE, or state --head and --option"
            )
        self.names = {number + first: name for number, name in file.labels.items()}
        self.named_by = file.labelled_by


DOCUMENTED: Final = "its exporter's documentation"
"""The source of values that a file does not state but that its exporter documents."""

ASSUMED: Final = "assumed, the file does not say"


def image_size(file: ModelFile) -> tuple[int, int] | None:
    """Return width and height of the only image among the inputs, -1 where open, else None."""
    images = [port.shape for port in file.inputs if is_image(port.shape)]
    if len(images) != 1:
        return None
    shape = images[0][-3:]
    height, width = shape[1:] if channels_first(images[0]) else shape[:2]
    return width, height


_CHANNELS: Final = (1, 3)


def is_image(shape: tuple[int, ...]) -> bool:
    """Whether an input of that shape may be an image of one or three channels."""
    if len(shape) not in {3, 4} or (len(shape) == 4 and shape[0] == 0):
        return False
    return shape[-3] in _CHANNELS or shape[-1] in _CHANNELS


def channels_first(shape: tuple[int, ...]) -> bool:
    """Whether the channels of an image input precede its rows."""
    return shape[-3] in _CHANNELS
