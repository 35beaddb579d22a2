"""Authors' functions behind our classes, called as by CVAT."""

import json
from pathlib import Path
from typing import Any

import pytest

from modelyard.adopted.author import Author
from modelyard.adopted.errors import AuthorError
from modelyard.adopted.home import Home, nuclio_path
from modelyard.adopted.models import (
    AdoptedDetector,
    AdoptedInteractor,
    AdoptedReidentifier,
    AdoptedTracker,
    AuthorState,
)
from modelyard.annotation import RequestError
from modelyard.inference.device import Device
from modelyard.serving.author.assets import Assets
from modelyard.serving.author.cache import ImageCache
from modelyard.serving.author.model import Model
from modelyard.serving.author.state import unwrap_state
from modelyard.serving.protocol.sample import sample_request
from modelyard.serving.testing.assets import planted_assets
from modelyard.serving.worker.endpoint import Endpoint

# What most authors' main.py look like; the model finds bright regions.
MAIN = """
import base64, io, json
import numpy as np
from PIL import Image
from modelyard.adopted import yaml
from modelyard.adopted.home import nuclio_path

def init_context(context):
    with open(nuclio_path("/opt/nuclio/function.yaml"), "rb") as file:
        config = yaml.safe_load(file)
    spec = config["metadata"]["annotations"]["spec"]
    context.user_data.labels = {item["id"]: item["name"] for item in json.loads(spec)}

def bright_box(data, key="image"):
    pixels = np.array(Image.open(io.BytesIO(base64.b64decode(data[key]))).convert("L"))
    rows, columns = np.nonzero(pixels > 150)
    return [int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1]

def handler(context, event):
    return context.Response(body=json.dumps(answer(context, event.body)), headers={},
        content_type="application/json", status_code=200)

"""
DETECTOR = """
def answer(context, data):
    label = context.user_data.labels[7]
    found = {"type": "rectangle", "points": bright_box(data)}
    return [{**found, "label": label, "confidence": "0.9"},
            {**found, "label": "unheard of", "confidence": "0.9"},
            {**found, "label": label, "confidence": "0.1"}]
"""
INTERACTOR = """
def answer(context, data):
    (left, top), (right, bottom) = data["obj_bbox"]
    mask = np.zeros((120, 160), int)
    mask[int(top):int(bottom), int(left):int(right)] = 255
    return {"mask": mask.tolist(), "points": [[left, top], [right, top], [right, bottom]]}
"""
TRACKER = """
def answer(context, data):
    states = data["states"] or [{"seen": 0} for _ in data["shapes"]]
    for state in states:
        state["seen"] += 1
    return {"shapes": [bright_box(data) for _ in states], "states": states}
"""
REID = """
def answer(context, data):
    assert bright_box(data, "image0") == bright_box(data, "image1")
    return [index for index, _ in enumerate(data["boxes0"])]
"""
LABELS = [{"id": 7, "name": "cat", "type": "rectangle", "attributes": []}]
BOX = [40, 30, 120, 90]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of importable modules, each with a unique name."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


_names = iter(f"author_{number}" for number in range(1000))


def endpoint(package: Path, base: type[Model], code: str, **more: Any) -> Endpoint:
    name = next(_names)
    (package / f"{name}.py").write_text(MAIN + code)
    model_class = type("Model", (base,), {"author": f"{name}:handler", **more})
    labels = LABELS if base is AdoptedDetector else ()
    assets = planted_assets(package, name, base.kind, labels)
    model: Any = model_class()
    model.load(assets, Device())
    return Endpoint(model, assets, ImageCache(0))


def ask(endpoint: Endpoint, kind: str, **more: Any) -> Any:
    request = {**json.loads(sample_request(kind)), **more}
    return json.loads(endpoint.answer(json.dumps(request).encode()))


def test_a_detectors_reply_is_checked(package: Path, caplog: pytest.LogCaptureFixture) -> None:
    detector = endpoint(package, AdoptedDetector, DETECTOR)
    (found,) = ask(detector, "detector")
    assert found == {"label": "cat", "type": "rectangle", "confidence": 0.9, "points": BOX}
    assert len(ask(detector, "detector", threshold=0.05)) == 2
    # Logged once, not with every image.
    assert [record.message for record in caplog.records] == [
        "'unheard of' is detected, but not among the function's labels"
    ]


def test_an_interactor_gets_clicks_and_box(package: Path) -> None:
    reply = ask(endpoint(package, AdoptedInteractor, INTERACTOR), "interactor")
    assert sum(map(sum, reply["mask"])) == 80 * 60
    assert reply["points"] == [[40, 30], [120, 30], [120, 90]]


def test_the_outline_of_the_first_protocol_becomes_a_mask(package: Path) -> None:
    code = "def answer(context, data): return [[40, 30], [120, 30], [120, 90], [40, 90]]"
    reply = ask(endpoint(package, AdoptedInteractor, code), "interactor")
    assert sum(map(sum, reply["mask"])) == 80 * 60


def test_a_tracker_keeps_the_authors_state(package: Path) -> None:
    tracker = endpoint(package, AdoptedTracker, TRACKER)
    two = {"shapes": [BOX, [1, 2, 30, 40]]}
    first = ask(tracker, "tracker", **two)
    assert first["shapes"] == two["shapes"]
    second = ask(tracker, "tracker", shapes=[None, None], states=first["states"])
    assert second["shapes"] == [BOX, BOX]
    states = [unwrap_state("planted", state, AuthorState) for state in second["states"]]
    assert [state.value for state in states] == [{"seen": 2}, {"seen": 2}]


def test_a_reidentification_gets_both_images(package: Path) -> None:
    assert ask(endpoint(package, AdoptedReidentifier, REID), "reid") == [0]


def test_a_refusal_of_the_authors_reaches_the_client(package: Path) -> None:
    code = """
def answer(context, data): pass
def handler(context, event):
    return context.Response(body="too dark", status_code=422)
"""
    with pytest.raises(RequestError) as error:
        ask(endpoint(package, AdoptedDetector, code), "detector")
    assert (error.value.status, error.value.message) == (422, "too dark")


@pytest.mark.parametrize(
    ("base", "kind", "code", "message"),
    [
        (AdoptedDetector, "detector", "def answer(context, data): return 1 / 0", "answered 500"),
        (AdoptedDetector, "detector", "def answer(context, data): return {}", "instead of a list"),
        (AdoptedDetector, "detector", "def answer(context, data): return [{}]", "item 0"),
        (
            AdoptedDetector,
            "detector",
            "def answer(*_): return [{'label': 'cat', 'type': 'blob', 'points': []}]",
            "unknown type of shape 'blob'",
        ),
        (
            AdoptedDetector,
            "detector",
            "def handler(context, event): return 'fine'",
            "answered 'fine'",
        ),
        (
            AdoptedInteractor,
            "interactor",
            "def answer(context, data): return {'blob': ''}",
            "an object with blob instead of a mask",
        ),
        (
            AdoptedTracker,
            "tracker",
            "def answer(context, data): return {'shapes': [], 'states': []}",
            "shapes of a list of 0, not 1",
        ),
        (
            AdoptedReidentifier,
            "reid",
            "def answer(context, data): return ['0']",
            "not with indices",
        ),
    ],
)
def test_a_reply_that_breaks_the_contract_is_the_authors_fault(
    package: Path, base: type[Model], kind: str, code: str, message: str
) -> None:
    asked = endpoint(package, base, code)
    with pytest.raises(AuthorError, match=message):
        ask(asked, kind)


def test_what_is_adopted_in_part_does_not_run(package: Path) -> None:
    with pytest.raises(AuthorError, match="planted is adopted in part: it unpickles"):
        endpoint(package, AdoptedTracker, TRACKER, unfinished="it unpickles")


def test_weights_are_found_in_whatever_folder_the_author_expects(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "net.xml").write_text("network")
    assets: Assets = planted_assets(tmp_path, "none")
    home = Home(assets)
    assert Path(nuclio_path("/opt/nuclio/open_model_zoo/FP32/net.xml")).read_text() == "network"
    assert (Path(nuclio_path("/opt/nuclio/open_model_zoo/FP32")) / "net.xml").exists()
    assert nuclio_path("/opt/nuclio/missing.bin") == str(home.path / "missing.bin")


FILES = """
import json
import os
from pathlib import Path
from modelyard.adopted.home import nuclio_path

HERE = Path(nuclio_path("/opt/nuclio/nets/small.py")).parent
AT_IMPORT = open("classes.txt").read().split()


def init_context(context):
    context.user_data.weights = Path("best.onnx").read_text()


def handler(context, event):
    read = [AT_IMPORT, context.user_data.weights, (HERE / "small.yaml").read_text()]
    read += [Path("nets/small.yaml").read_text(), sorted(os.listdir("."))]
    return context.Response(body=json.dumps(read), content_type="application/json")
"""


def test_bare_names_are_found_as_in_nuclios_folder(package: Path) -> None:
    author = package / "mine" / "author"
    (author / "nets").mkdir(parents=True)
    for folder in (package / "mine", author, author / "nets"):
        (folder / "__init__.py").touch()
    (author / "main.py").write_text(FILES)
    (author / "classes.txt").write_text("cat\ndog\n")
    (author / "nets" / "small.py").touch()
    (author / "nets" / "small.yaml").write_text("size: 640")
    (package / "weights").mkdir()
    (package / "weights" / "best.onnx").write_text("network")
    before = Path.cwd()
    asked = Author("mine.author.main:handler", planted_assets(package, "none"))
    classes, weights, *configurations, listed = asked.ask({})
    assert classes == ["cat", "dog"]
    assert weights == "network"
    assert configurations == ["size: 640", "size: 640"]
    assert {"best.onnx", "classes.txt", "function.yaml", "main.py", "nets"} <= set(listed)
    assert Path.cwd() == before


def test_an_author_is_loaded_with_its_own_initialisation(package: Path) -> None:
    (package / "starting.py").write_text(
        "def init_context(context): raise SystemError('no weights')\n"
        "def handler(context, event): pass\n"
    )
    with pytest.raises(SystemError, match="no weights"):
        Author("starting:handler", planted_assets(package, "none"))
