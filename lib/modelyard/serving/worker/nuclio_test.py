"""Every type of function in a real worker, and the handler as Nuclio calls it."""

import base64
import io
import json
import zlib
from pathlib import Path
from typing import Any

import nuclio_sdk
import numpy as np
import PIL.Image
import pytest

from modelyard.annotation import RequestError
from modelyard.serving.conftest import PoolStarter, event
from modelyard.serving.protocol.messages import Reply
from modelyard.serving.protocol.sample import sample_png, sample_request
from modelyard.serving.server.pool import WorkerPool
from modelyard.serving.testing.tiny import write_assets
from modelyard.serving.worker import nuclio

pytestmark = pytest.mark.anyio

GOOD = sample_request("detector")
FOUND = [("bright", "rectangle", [40, 30, 120, 90])]


async def ask(pool: WorkerPool, body: Any) -> Reply:
    """Send a body, as JSON unless it is bytes, with CVAT's content type."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await pool.call(event(content, content_type="application/json"))


def found(body: bytes) -> list[tuple[str, str, list[float]]]:
    """Return label, type and points of each detection in a reply."""
    return [(item["label"], item["type"], item["points"]) for item in json.loads(body)]


def base64_of(image: PIL.Image.Image, format: str = "PNG") -> str:
    """Return an image as the base64 text of an image file."""
    file = io.BytesIO()
    image.save(file, format)
    return base64.b64encode(file.getvalue()).decode()


def png_header(width: int, height: int) -> bytes:
    """Return the sample image with another size in its header."""
    png = bytearray(sample_png())
    png[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    png[29:33] = zlib.crc32(png[12:29]).to_bytes(4, "big")
    return bytes(png)


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


JPEG = base64.b64decode(base64_of(PIL.Image.open(io.BytesIO(sample_png())), "JPEG"))
IMAGE = text(sample_png())

BAD: dict[str, tuple[bytes, int]] = {
    "empty body": (b"", 400),
    "not JSON": (b"image=cat.jpg", 400),
    "half of JSON": (GOOD[:-10], 400),
    "a list": (b"[1]", 400),
    "a number": (b"7", 400),
    "null": (b"null", 400),
    "not UTF-8": (b'{"image": "\xff\xfe"}', 400),
    "a lone surrogate": (b'{"image": "\\ud800"}', 400),
    "surrogates as threshold": (b'{"image": "aGk=", "threshold": "\\udfff"}', 400),
    "deep nesting": (b"[" * 200_000, 400),
    "deep nesting inside": (b'{"image": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", 400),
    "no image": (b"{}", 400),
    "image is a number": (b'{"image": 3}', 400),
    "image is empty": (b'{"image": ""}', 400),
    "bad base64": (b'{"image": "***"}', 400),
    "half of base64": (json.dumps({"image": IMAGE[:-3]}).encode(), 400),
    "not an image": (json.dumps({"image": text(b"hello world")}).encode(), 400),
    "JPEG without pixels": (json.dumps({"image": text(JPEG[:300])}).encode(), 400),
    "PNG without pixels": (json.dumps({"image": text(sample_png()[:41])}).encode(), 400),
    "60000x60000 PNG": (json.dumps({"image": text(png_header(60_000, 60_000))}).encode(), 413),
    "0x0 PNG": (json.dumps({"image": text(png_header(0, 0))}).encode(), 400),
    "threshold abc": (json.dumps({"image": IMAGE, "threshold": "abc"}).encode(), 400),
    "threshold NaN": (json.dumps({"image": IMAGE, "threshold": float("nan")}).encode(), 400),
    "threshold 'NaN'": (json.dumps({"image": IMAGE, "threshold": "NaN"}).encode(), 400),
    "threshold 1e999": (GOOD[:-1] + b',"threshold":1e999}', 400),
    "threshold 2": (GOOD[:-1] + b',"threshold":2}', 400),
    "threshold -1": (GOOD[:-1] + b',"threshold":-1}', 400),
    "threshold true": (GOOD[:-1] + b',"threshold":true}', 400),
    "threshold of many digits": (GOOD[:-1] + b',"threshold":' + b"9" * 5000 + b"}", 400),
}


async def test_bad_input_is_a_4xx_of_one_line_and_harms_nothing(start_tiny: PoolStarter) -> None:
    pool = await start_tiny("detector")
    (pid,) = pool.pids
    for name, (body, status) in BAD.items():
        reply = await ask(pool, body)
        assert reply.status == status, (name, reply.body)
        assert reply.content_type == "application/json", name
        message = json.loads(reply.body)["error"]
        assert message, name
        assert "\n" not in message, name
        assert "Traceback" not in message, name
        assert len(message) < 400, (name, message)
        assert found((await ask(pool, GOOD)).body) == FOUND, name
    assert pool.pids == (pid,)
    assert pool.restarts == 0


async def test_a_picture_cut_short_is_answered_as_cvat_shows_it(start_tiny: PoolStarter) -> None:
    # Of the bright box from row 30 to row 90, in an image of 120 rows, the lower part is missing.
    half = text(sample_png()[: len(sample_png()) // 2])
    pool = await start_tiny("detector")
    reply = await ask(pool, {"image": half})
    assert reply.status == 200
    ((label, _, (left, top, right, bottom)),) = found(reply.body)
    assert (label, left, top, right) == ("bright", 40, 30, 120)
    assert 30 < bottom < 90


async def test_the_functions_env_sets_how_many_pixels_are_accepted(tmp_path: Path) -> None:
    assets = str(write_assets(tmp_path / "assets", "detector"))
    env = {"MODELYARD_ASSETS": assets, "MODELYARD_THREADS": "1"}
    # The sample has 160 x 120 = 19,200.
    fitting = nuclio.open_endpoint({**env, "MODELYARD_MAX_PIXELS": "19200"})
    assert found(fitting.answer(GOOD)) == FOUND
    with pytest.raises(RequestError, match="160x120") as error:
        nuclio.open_endpoint({**env, "MODELYARD_MAX_PIXELS": "19199"}).answer(GOOD)
    assert error.value.status == 413


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", ""]
)
async def test_the_content_type_does_not_matter(start_tiny: PoolStarter, content_type: str) -> None:
    pool = await start_tiny("detector")
    reply = await pool.call(event(GOOD, content_type=content_type))
    assert found(reply.body) == FOUND


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
async def test_images_of_every_mode_show_the_same(start_tiny: PoolStarter, mode: str) -> None:
    sample = PIL.Image.open(io.BytesIO(sample_png()))
    if mode == "I;16":
        grey = np.asarray(sample.convert("L")).astype(np.uint16) * 257
        image = PIL.Image.fromarray(grey)
    else:
        image = sample.convert(mode, dither=PIL.Image.Dither.NONE)
    pool = await start_tiny("detector")
    body = {"image": base64_of(image, "TIFF" if mode == "CMYK" else "PNG"), "threshold": 0.1}
    assert FOUND[0] in found((await ask(pool, body)).body)


async def test_the_threshold_is_applied_whatever_the_model_does(start_tiny: PoolStarter) -> None:
    pool = await start_tiny("detector")
    assert found((await ask(pool, {"image": IMAGE, "threshold": 0.9})).body) == FOUND
    assert json.loads((await ask(pool, {"image": IMAGE, "threshold": "0.95"})).body) == []


async def test_an_interactor_cuts_out_what_is_clicked(start_tiny: PoolStarter) -> None:
    pool = await start_tiny("interactor")
    body = {"image": IMAGE, "pos_points": [[80, 60]], "neg_points": [], "obj_bbox": None}
    mask = np.array(json.loads((await ask(pool, body)).body)["mask"])
    expected = np.zeros((120, 160), int)
    expected[30:90, 40:120] = 1
    assert np.array_equal(mask, expected)


async def test_an_interactor_that_finds_nothing_says_422(start_tiny: PoolStarter) -> None:
    pool = await start_tiny("interactor")
    body = {"image": base64_of(PIL.Image.new("RGB", (50, 40))), "pos_points": [[5, 5]]}
    reply = await ask(pool, body)
    assert reply.status == 422
    assert "no object" in json.loads(reply.body)["error"]


NOT_WRITTEN = """
from modelyard.serving.author.model import Detector, NotWrittenError


class Nothing(Detector):
    def load(self, assets, device):
        pass

    def detect(self, image, threshold):
        raise NotWrittenError("functions/openvino/nothing/handler.py")
"""


async def test_a_model_that_is_not_written_starts_and_says_where_to_write_it(
    start_pool: PoolStarter, tmp_path: Path
) -> None:
    assets = write_assets(tmp_path / "assets", model="tiny_function:Nothing")
    env = {
        "NUCLIO_HANDLER": "modelyard.serving.worker.nuclio:handler",
        "MODELYARD_ASSETS": str(assets),
    }
    pool = await start_pool(NOT_WRITTEN, env=env)
    reply = await ask(pool, GOOD)
    assert (reply.status, reply.content_type) == (501, "application/json")
    assert json.loads(reply.body) == {
        "error": "there is no model here yet; write it in functions/openvino/nothing/handler.py"
    }


def shifted(dx: int) -> str:
    """Return the sample image shifted to the right."""
    pixels = np.asarray(PIL.Image.open(io.BytesIO(sample_png())))
    return base64_of(PIL.Image.fromarray(np.roll(pixels, dx, axis=1)))


async def test_a_tracker_follows_through_the_client(start_tiny: PoolStarter) -> None:
    pool = await start_tiny("tracker", workers=2)
    reply = json.loads((await ask(pool, sample_request("tracker"))).body)
    assert reply["shapes"] == [[40, 30, 120, 90]]
    for step in range(1, 5):
        # Newer versions of CVAT send no shapes with the states.
        body = {"image": shifted(7 * step), "shapes": [None], "states": reply["states"]}
        reply = json.loads((await ask(pool, body)).body)
        assert reply["shapes"] == [[40 + 7 * step, 30, 120 + 7 * step, 90]]
    body = {"image": base64_of(PIL.Image.new("RGB", (160, 120))), "shapes": [None]}
    lost = json.loads((await ask(pool, body | {"states": reply["states"]})).body)
    assert lost["shapes"] == [None]
    assert lost["states"] != [None]


async def test_a_bad_tracker_state_is_a_400(start_tiny: PoolStarter) -> None:
    pool = await start_tiny("tracker")
    good = json.loads((await ask(pool, sample_request("tracker"))).body)["states"][0]
    box = good["state"]["box"]

    def state(**changes: Any) -> dict[str, Any]:
        return {"function": "tiny-tracker", "state": {"steps": 0, "box": box | changes}}

    nan = base64.b64encode(np.full(4, np.nan, np.float32).tobytes()).decode()
    bad: list[Any] = [
        "text",
        7,
        [],
        {},
        {"py/object": "os.system"},
        good | {"function": "another"},
        good | {"state": None},
        state(dtype="object"),
        state(dtype="float64"),
        state(shape=[1, 4]),
        state(shape=[-4]),
        state(shape=[2**40]),
        state(shape=[5]),
        state(data="***"),
        state(data="AAAA"),
        state(data=nan),
        {"function": "tiny-tracker", "state": {"steps": -1, "box": box}},
        {"function": "tiny-tracker", "state": {"steps": "many", "box": box}},
    ]
    for value in bad:
        reply = await ask(pool, {"image": IMAGE, "shapes": [None], "states": [value]})
        assert reply.status == 400, value
        message = json.loads(reply.body)["error"]
        assert message.startswith("states: "), message
        assert "\n" not in message
    fine = await ask(pool, {"image": IMAGE, "shapes": [None], "states": [good]})
    assert fine.status == 200
    assert pool.restarts == 0


async def test_boxes_are_identified_again(start_tiny: PoolStarter) -> None:
    pool = await start_tiny("reid")
    assert json.loads((await ask(pool, sample_request("reid"))).body) == [0]

    def box(*points: int) -> dict[str, Any]:
        return {"points": points, "label_id": 1, "type": "rectangle"}

    body = {
        "image0": IMAGE,
        "image1": IMAGE,
        "boxes0": [box(0, 0, 10, 10), box(50, 50, 60, 60), box(90, 90, 95, 95)],
        "boxes1": [box(51, 51, 61, 61), box(0, 0, 10, 10)],
        "threshold": 0.5,
    }
    assert json.loads((await ask(pool, body)).body) == [1, 0, -1]


async def test_a_model_that_breaks_the_contract_is_a_500_with_a_log(
    start_pool: PoolStarter, tmp_path: Path
) -> None:
    source = """
        from modelyard.annotation import Rectangle, Segment
        from modelyard.serving.author.model import Detector

        class Wrong(Detector):
            def load(self, assets, device): ...
            def warm_up(self): ...
            def detect(self, image, threshold):
                return [Rectangle("undeclared", (0, 0, 9, 9), confidence=1)]
    """
    assets = write_assets(tmp_path / "assets", model="tiny_function:Wrong")
    env = {
        "NUCLIO_HANDLER": "modelyard.serving.worker.nuclio:handler",
        "MODELYARD_ASSETS": str(assets),
    }
    pool = await start_pool(source, env=env)
    reply = await ask(pool, GOOD)
    assert reply.status == 500
    assert json.loads(reply.body) == {
        "error": "internal error (id test); the function's log has the details"
    }
    assert "undeclared" in (tmp_path / "worker.log").read_text()


def context_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a context of the SDK with a tiny detector loaded."""
    monkeypatch.setenv("MODELYARD_ASSETS", str(write_assets(folder)))
    logger = nuclio_sdk.Logger("INFO")
    context = nuclio_sdk.Context(logger)
    nuclio.init_context(context)
    return context


@pytest.mark.parametrize("body", [json.loads(GOOD), GOOD, GOOD.decode()])
def test_nuclio_may_have_decoded_the_body(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: Any
) -> None:
    context = context_of(tmp_path, monkeypatch)
    response = nuclio.handler(context, nuclio_sdk.Event(body=body, _id="1"))
    assert response.content_type == "application/json"
    assert found(response.body) == FOUND


@pytest.mark.parametrize(
    "body", [[1], 7, None, True, {"image": "\ud800"}, {"image": IMAGE, "threshold": float("nan")}]
)
def test_whatever_nuclio_has_decoded_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: Any
) -> None:
    context = context_of(tmp_path, monkeypatch)
    response = nuclio.handler(context, nuclio_sdk.Event(body=body, _id="1"))
    assert response.status_code == 400
    assert json.loads(response.body)["error"]


def test_nuclio_finds_init_context_beside_the_handler() -> None:
    assert (
        nuclio.handler.__module__
        == nuclio.init_context.__module__
        == "modelyard.serving.worker.nuclio"
    )
