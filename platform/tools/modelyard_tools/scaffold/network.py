"""Read a model file: its inputs and outputs, how to feed it, how to read its outputs."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import structs

from modelyard.inference.device import Device
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.feeding import resolve_inputs
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.model_api_configuration import is_read
from modelyard.inference.openvino import OpenVINOSession
from modelyard.inference.openvino_network import OpenVINOError
from modelyard.inference.readers import preprocessing, ultralytics
from modelyard.inference.readers.classes import names_in
from modelyard.inference.readers.facts import ASSUMED, ModelFile, Reading, ReadingError, ports
from modelyard.inference.readers.probe import probe
from modelyard.inference.readers.reading import read, read_unrun
from modelyard_contract.heads import MODEL_API
from modelyard_tools.scaffold.checkpoints.exporters import Exporter
from modelyard_tools.scaffold.checkpoints.outline import is_torchscript
from modelyard_tools.scaffold.checkpoints.trained import read_checkpoint
from modelyard_tools.scaffold.errors import NetworkError
from modelyard_tools.scaffold.model_files import (
    CHECKPOINTS,
    TORCHSCRIPT,
    File,
    check_format,
    hashed,
    parts,
)
from modelyard_tools.scaffold.stated import Stated, override, stated_reading
from modelyard_tools.scaffold.texts import beside, label_file, metadata, producer

_SIDE: Final = 640
_NO_OBJECT: Final = "otx_"
"""Prefix of the classes that Training Extensions add for "no object"."""


class Network(msgspec.Struct, frozen=True):
    """A model file as it was read.

    Attributes:
        files: Its files, the one to load first.
        inputs: Shapes by name; -1 is any length.
        outputs: The same.
        reading: How to feed it and to read its outputs; None if no head does.
        convert: How the build converts it, as `model_weights` names it; "" if it does not.
        exporter: The author's package that does so, if it is one.
    """

    files: Sequence[File]
    inputs: Mapping[str, tuple[int, ...]]
    outputs: Mapping[str, tuple[int, ...]]
    reading: Reading | None
    convert: str = ""
    exporter: Exporter | None = None

    @property
    def notice(self) -> str:
        """A sentence on the exporter and its licence; "" if there is none."""
        return self.exporter.notice(self.files[0].path.name) if self.exporter else ""


def read_network(path: Path, stated: Stated | None = None, *, heads: bool = True) -> Network:
    """Read a model file with OpenVINO, as the function will.

    Args:
        path: The file.
        stated: What the author states of it.
        heads: Whether a head may read its outputs.

    Raises:
        NetworkError: it cannot be read, contradicts itself, or remains doubtful.
    """
    stated = stated or Stated()
    try:
        check_format(path)
        files = [hashed(part) for part in parts(path)]
        if path.suffix.lower() in (*TORCHSCRIPT, *CHECKPOINTS):
            return _read_converted(path, files, stated)
        session = _loaded(path, stated) if heads else OpenVINOSession(path, device=Device())
        reading = _read(path, session, stated) if heads else None
        return Network(files, session.inputs, session.outputs, reading)
    except OSError as error:
        raise NetworkError(f"cannot read {error.filename}: {error.strerror}") from None
    except (OpenVINOError, ReadingError) as error:
        raise NetworkError(str(error)) from error


def _loaded(path: Path, stated: Stated) -> OpenVINOSession:
    """Load a file, with the sides that the author states; some can only be compiled with theirs."""
    size = stated.options.get("input_size")
    options = HeadOptions(
        input_size=size and tuple(size), channels=stated.options.get("channels", "rgb")
    )

    def resolve(inputs: Mapping[str, tuple[int, ...]]) -> Mapping[str, tuple[int, ...]]:
        if size is None:
            return {}
        try:
            return resolve_inputs(inputs, options)
        except HeadError:
            # Said where the inputs are read.
            return {}

    return _reshaped(path, resolve)


def _reshaped(
    path: Path, shapes: Callable[[Mapping[str, tuple[int, ...]]], Mapping[str, tuple[int, ...]]]
) -> OpenVINOSession:
    """Load a file with new shapes of its inputs.

    Raises:
        OpenVINOError: it cannot be loaded; says what to add if the file leaves its sides open.
    """
    opened: list[str] = []

    def resolve(inputs: Mapping[str, tuple[int, ...]]) -> Mapping[str, tuple[int, ...]]:
        opened.extend(f"{name} {shape}" for name, shape in inputs.items() if -1 in shape[1:])
        return shapes(inputs)

    try:
        return OpenVINOSession(path, device=Device(), shapes=resolve)
    except OpenVINOError as error:
        if not opened:
            raise
        raise OpenVINOError(
            f"{error} (it leaves its input open, {opened[0]}: add --option input_size=WIDTH,HEIGHT "
            "of the size that it was exported with)"
        ) from error


def _read(path: Path, session: OpenVINOSession, stated: Stated) -> Reading | None:
    file = _facts(path, session, stated)
    configured = _configured(file) if stated.head is None else None
    if configured is not None:
        return configured
    if len([port for port in file.inputs if len(port.shape) in {3, 4}]) != 1:
        # Heads feed a single image.
        return None
    size, source = _size(file, stated)
    gray = _is_gray(file)
    options = HeadOptions(input_size=size, channels="gray" if gray else "rgb")
    try:
        shapes = resolve_inputs(session.inputs, options)
    except HeadError as error:
        raise NetworkError(f"{path.name}: {error}") from None
    if any(-1 in shape for shape in session.inputs.values()):
        session = _reshaped(path, lambda _: shapes)
        file = _facts(path, session, stated)
    if stated.head is not None:
        reading: Reading | None = stated_reading(file, stated)
    else:
        reading = read(file, lambda: probe(session, options))
    if reading is not None:
        if size is not None:
            reading.set(source, input_size=list(size))
        if gray:
            reading.set("the shape of its input", channels="gray")
        override(path.name, reading, stated)
    return reading


def _read_converted(path: Path, files: Sequence[File], stated: Stated) -> Network:
    """Read what a file for torch says of itself; the build converts it, since that needs torch."""
    if path.suffix.lower() in TORCHSCRIPT or is_torchscript(path):
        exporter, convert, found = None, "torchscript", metadata(path)
        file = ModelFile(
            name=path.name,
            inputs=[],
            outputs=ultralytics.declared_outputs(found),
            metadata=found,
        )
    else:
        exporter, file = read_checkpoint(path)
        convert = exporter.convert
    if stated.labels:
        file = structs.replace(file, labels=stated.labels, labelled_by=stated.labelled_by)
    reading = stated_reading(file, stated) if stated.head else read_unrun(file)
    if reading is None:
        raise NetworkError(
            f"{path.name} is TorchScript that does not state what it is; add --head and --option, "
            "or export it to ONNX"
        )
    override(path.name, reading, stated)
    return Network(files, {}, {}, reading, convert, exporter)


def _facts(path: Path, session: OpenVINOSession, stated: Stated) -> ModelFile:
    texts = {**session.metadata, **metadata(path)}
    labels, source = stated.labels, stated.labelled_by
    if not labels:
        labels, source = names_in(texts.get("names", "")), "its metadata (names)"
    if not labels:
        labels, source = label_file(path), "its own label file"
    return ModelFile(
        name=path.name,
        inputs=ports(session.inputs, session.dtypes),
        outputs=ports(session.outputs, session.output_dtypes),
        metadata=texts,
        configuration=session.configuration,
        beside=beside(path),
        producer=producer(path),
        labels=labels,
        labelled_by=source,
    )


def _size(file: ModelFile, stated: Stated) -> tuple[tuple[int, int] | None, str]:
    """Return width and height for an input that leaves them open, and where they are from."""
    (shape,) = (port.shape for port in file.inputs if len(port.shape) in {3, 4})
    if -1 not in shape[-3:]:
        return None, ""
    if "input_size" in stated.options:
        width, height = stated.options["input_size"]
        return (width, height), "--option"
    declared = ultralytics.input_size(file.metadata)
    if declared is not None:
        return declared, "its metadata (imgsz)"
    processed = preprocessing.input_size(file)
    if processed is not None:
        return processed, preprocessing.SOURCE
    return (_SIDE, _SIDE), f"{ASSUMED}; it takes any size"


def _is_gray(file: ModelFile) -> bool:
    (shape,) = (port.shape for port in file.inputs if len(port.shape) in {3, 4})
    ends = {shape[-3], shape[-1]}
    return 3 not in ends and 1 in ends


def _configured(file: ModelFile) -> Reading | None:
    """Return the reading of a file with Model API's configuration, if it has one."""
    if not is_read(file.configuration):
        return None
    names = enumerate(file.configuration.get("labels", "").split())
    classes = {
        number: name.replace("_", " ") for number, name in names if not name.startswith(_NO_OBJECT)
    }
    if not classes:
        return None
    return Reading(
        MODEL_API,
        f"its own configuration: model_type {file.configuration['model_type']}",
        names=classes,
        named_by="its own configuration (labels)",
    )
