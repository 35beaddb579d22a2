"""Run a new function's network on a picture, and draw what it finds."""

import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from modelyard.annotation import AnnotationError, LabelSet
from modelyard.annotation.clipping import clip
from modelyard.imaging import Image, ImageError, decode_upright, draw, save_png
from modelyard.inference.device import Device
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.openvino_network import OpenVINOError
from modelyard.models.heads import HeadDetector
from modelyard.serving.author.assets import Assets
from modelyard_contract.function_types import DETECTOR
from modelyard_contract.release import MODEL, MODEL_SCHEMA, WEIGHTS
from modelyard_tools.scaffold.errors import NetworkError
from modelyard_tools.scaffold.labels import label_specs
from modelyard_tools.scaffold.network import Network


class Preview(msgspec.Struct, frozen=True):
    """What a network finds in a picture: objects by label, and the drawing's file."""

    counts: dict[str, int]
    drawing: Path


def preview(name: str, network: Network, image: Image, out: Path) -> Preview:
    """Run a network with its head as the function will, and draw what CVAT would get.

    Args:
        name: The function's name, for messages.
        network: With a reading, in a format that runs here.
        image: The picture, upright.
        out: The PNG file to write.

    Raises:
        NetworkError: it cannot be run.
        OSError: the drawing cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="preview-") as folder:
        assets = _assets(Path(folder), name, network)
        try:
            detector = HeadDetector()
            detector.load(assets, Device())
            found = detector.detect(image, detector.default_threshold)
        except (HeadError, OpenVINOError, AnnotationError) as error:
            raise NetworkError(str(error)) from error
    parts = [part for shape in found for part in clip(shape, image.size)]
    save_png(draw(image, parts, assets.labels), out)
    return Preview(dict(Counter(part.label for part in parts)), out)


def read_picture(path: Path) -> Image:
    """Return a picture, turned by its EXIF orientation as CVAT does.

    Raises:
        NetworkError: it is not a picture.
        OSError: it cannot be read.
    """
    try:
        return decode_upright(path.read_bytes())
    except ImageError as error:
        raise NetworkError(f"{path.name}: {error}") from None


def _assets(folder: Path, name: str, network: Network) -> Assets:
    reading = network.reading
    if reading is None:
        raise NetworkError(f"{name} has no head")
    if network.convert:
        raise NetworkError(
            f"{network.files[0].path.name} is converted by the build; leave --picture out and use "
            "#cpu-predict afterwards"
        )
    (folder / WEIGHTS).mkdir()
    for file in network.files:
        (folder / WEIGHTS / file.path.name).symlink_to(file.path)
    labels: list[dict[str, Any]] = list(label_specs(reading))
    LabelSet.from_json(labels)
    description = {
        "schema": MODEL_SCHEMA,
        "name": name,
        "type": DETECTOR,
        "model": "modelyard.models.heads:HeadDetector",
        "labels": labels,
        "head": reading.head,
        "head_options": reading.options,
    }
    (folder / MODEL).write_text(json.dumps(description))
    return Assets.open(folder)
