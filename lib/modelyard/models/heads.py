"""The detector for functions without code: a network, its labels, and a head.

A BUILD target names a model file and a head; `model.json` contains both, and names this class.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from modelyard.annotation import Shape
from modelyard.imaging import Image
from modelyard.inference.device import Device
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.feeding import Feed, resolve_inputs
from modelyard.inference.heads.fitting import class_labels, find_head
from modelyard.inference.heads.found import Answer
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.heads.shapes import Shape as Lengths
from modelyard.inference.openvino import OpenVINOSession
from modelyard.inference.readers.facts import ModelFile, ports
from modelyard.inference.readers.reading import contradiction
from modelyard.serving.author.assets import Assets
from modelyard.serving.author.model import Detector
from modelyard_contract.heads import HEADS, MODEL_API
from modelyard_contract.release import WEIGHTS

if TYPE_CHECKING:
    from modelyard.inference.model_api import ModelApiNetwork

_FORMATS: Final = (".xml", ".onnx", ".pb", ".tflite")


class HeadDetector(Detector):
    """Runs a network on OpenVINO and decodes its outputs with a head.

    With head `model_api` the network's file configures the decoding.
    """

    def load(self, assets: Assets, device: Device) -> None:
        """Load the network, and check that head, options and labels fit it.

        Raises:
            HeadError: they do not; the message names the function, the problem and the fix.
            OpenVINOError: the file cannot be loaded as a model.
        """
        self._name = assets.name
        try:
            if assets.head == MODEL_API:
                self._network: _Network | ModelApiNetwork = _configured(assets, device)
                self.default_threshold = self._network.threshold or self.default_threshold
            else:
                self._network = _Network(assets, device)
        except HeadError as error:
            raise HeadError(f"{assets.name}: {error}") from None

    def detect(self, image: Image, threshold: float) -> Sequence[Shape]:
        """Return detections with a score of at least `threshold`, best first.

        Raises:
            HeadError: the outputs are not what head and options say; in one line.
        """
        try:
            return self._network.detect(image, threshold)
        except HeadError as error:
            raise HeadError(f"{self._name}: {error}") from None


class _Network:
    """A network decoded by one of our heads."""

    def __init__(self, assets: Assets, device: Device) -> None:
        self._head = find_head(assets.head)
        options = self._head.defaults.changed(assets.head_options)

        def resolve(inputs: Mapping[str, Lengths]) -> dict[str, Lengths]:
            return resolve_inputs(inputs, options)

        self._session = OpenVINOSession(model_file(assets), device=device, shapes=resolve)
        self._feed = Feed.of(self._session.inputs, self._session.dtypes, options)
        self._outputs = list(self._session.outputs.items())
        file = _facts(model_file(assets), self._session)
        wrong = contradiction(file, assets.head, msgspec.to_builtins(options))
        if wrong:
            raise HeadError(wrong)
        self._labels = class_labels(
            assets.head, self._outputs, self._feed.size, options, assets.labels
        )

    def detect(self, image: Image, threshold: float) -> Sequence[Shape]:
        fit = self._feed.fit(image.size)
        arrays: dict[str, Any] = self._session.infer(self._feed.fill(image, fit))
        answer = Answer(arrays, self._outputs, self._feed.size, self._feed.options)
        return self._head.read(answer, fit, self._labels, threshold)


def _facts(path: Path, session: OpenVINOSession) -> ModelFile:
    """Return what the network's file states of itself."""
    return ModelFile(
        name=path.name,
        inputs=ports(session.inputs, session.dtypes),
        outputs=ports(session.outputs, session.output_dtypes),
        metadata=session.metadata,
    )


def _configured(assets: Assets, device: Device) -> "ModelApiNetwork":
    """Return a network that is configured by its file.

    Raises:
        HeadError: an option belongs to another head, or the file's configuration does not fit.
    """
    # Only networks with this head need that package, which is slow to import.
    from modelyard.inference.model_api import ModelApiNetwork  # noqa: PLC0415

    options = HeadOptions().changed(assets.head_options, HEADS[MODEL_API])
    return ModelApiNetwork(
        model_file(assets),
        device=device,
        labels=assets.labels,
        channels=options.channels if assets.head_options else None,
    )


def model_file(assets: Assets) -> Path:
    """Return the only model file among a function's weights.

    Raises:
        HeadError: there is not exactly one; the message lists the files.
    """
    files = sorted(file for file in (assets.path / WEIGHTS).rglob("*") if file.is_file())
    models = [file for file in files if file.suffix.lower() in _FORMATS]
    if len(models) == 1:
        return models[0]
    held = ", ".join(file.name for file in models or files) or "no file"
    raise HeadError(f"its weights must include one file of {', '.join(_FORMATS)}, not {held}")
