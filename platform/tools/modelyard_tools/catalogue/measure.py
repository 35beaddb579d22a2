"""Measures the deployed functions: how long each takes, and what it finds."""

import base64
import io
import json
import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import PIL.Image

from modelyard.annotation import Mask, Rectangle, Shape, replies
from modelyard.imaging import Image, crop, decode, draw
from modelyard_contract.function_types import TRACKER
from modelyard_contract.limits import CVAT_TIMEOUT
from modelyard_tools.catalogue.entry import CatalogueError, Entry
from modelyard_tools.home.running import HOST
from modelyard_tools.http.exchange import NO_ANSWER, exchange

TIMES: Final = 5
_WIDTH: Final = 320
_QUALITY: Final = 80
_SAMPLES: Final = Path("platform/tools/modelyard_tools/embedded/console/static/samples")
_CAT: Final = _SAMPLES / "cat.jpg"
_COFFEE: Final = _SAMPLES / "coffee.jpg"
_ASTRONAUT: Final = _SAMPLES / "astronaut.jpg"
# Pictures with the objects that a function looks for; the others get the cat.
_PICTURES: Final[Mapping[str, Path]] = {
    "coco-instances": _COFFEE,
    "face-detection": _ASTRONAUT,
    "pedestrian-ssdlite": _ASTRONAUT,
    "person-reid": _ASTRONAUT,
    "salient-object": _COFFEE,
    "text-detection": Path("docs/images/console.png"),
    "yolo-v3-tiny": _COFFEE,
}
_FRAMES: Final = (_SAMPLES / "pan-1.jpg", _SAMPLES / "pan-3.jpg")
# Left, top, right, bottom, as fractions of the picture's sides.
_BOX: Final = (0.3, 0.2, 0.65, 0.6)


def measure(entry: Entry) -> tuple[float, bytes]:
    """Call a function; return how many seconds it takes and a drawing of its result, a JPEG.

    Raises:
        CatalogueError: it does not answer, or not as CVAT expects.
    """
    frames = _FRAMES if entry.type == TRACKER else (_PICTURES.get(entry.name, _CAT),)
    files = [path.read_bytes() for path in frames]
    ask = partial(_ask, entry)
    body, image = _request(entry.type, files, ask), decode(files[-1])
    seconds = []
    for _ in range(TIMES + 1):
        started = time.perf_counter()
        answer = ask(body)
        seconds.append(time.perf_counter() - started)
    # The first call may have had to wait for a worker to start.
    return statistics.median(seconds[1:]), _drawn(image, _shapes(entry, answer, image))


def _ask(entry: Entry, body: Mapping[str, Any]) -> Any:
    content, headers = json.dumps(body).encode(), {"content-type": "application/json"}
    try:
        reply = exchange((HOST, entry.port), "POST", "/", content, headers, timeout=CVAT_TIMEOUT)
    except NO_ANSWER as error:
        raise CatalogueError(
            f"{entry.name} does not answer on port {entry.port}: {error}"
        ) from None
    if reply.status != HTTPStatus.OK:
        raise CatalogueError(f"{entry.name} answered {reply.status}: {reply.error}")
    return reply.json


def _request(
    type: str, files: list[bytes], ask: Callable[[Mapping[str, Any]], Any]
) -> dict[str, Any]:
    images = [base64.b64encode(file).decode() for file in files]
    box = _box(decode(files[0]))
    match type:
        case "interactor":
            x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            return {"image": images[0], "pos_points": [[x, y]], "neg_points": [], "obj_bbox": None}
        case "tracker":
            began = ask({"image": images[0], "shapes": [box], "states": []})
            return {"image": images[-1], "shapes": began["shapes"], "states": began["states"]}
        case "reid":
            boxes = [{"id": 0, "type": "rectangle", "points": box, "label_id": 1}]
            return {"image0": images[0], "image1": images[0], "boxes0": boxes, "boxes1": boxes}
    return {"image": images[0]}


def _shapes(entry: Entry, answer: Any, image: Image) -> list[Shape]:
    match entry.type:
        case "interactor":
            part = crop(replies.segment(answer, image.size))
            return [Mask(entry.display_name, part.bitmap, part.left, part.top)] if part else []
        case "tracker":
            ((shape,), _) = replies.tracked(answer, 1, image.size)
            points = shape["points"] if isinstance(shape, Mapping) else shape
            xs, ys = points[::2], points[1::2]
            return [Rectangle(entry.display_name, (min(xs), min(ys), max(xs), max(ys)))]
        case "reid":
            replies.matches(answer, 1, 1)
            return [Rectangle("the same", _box(image))]
    return replies.detections(answer, None, image.size)


def _box(image: Image) -> tuple[float, float, float, float]:
    width, height = image.size
    return _BOX[0] * width, _BOX[1] * height, _BOX[2] * width, _BOX[3] * height


def _drawn(image: Image, shapes: list[Shape]) -> bytes:
    picture = PIL.Image.fromarray(draw(image, shapes).pixels)
    picture.thumbnail((_WIDTH, _WIDTH), PIL.Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, format="JPEG", quality=_QUALITY, optimize=True)
    return file.getvalue()
