"""Files beside an author's code, and those that the code fetches."""

import hashlib
from pathlib import Path

import msgspec
import pytest
import yaml

from modelyard.annotation import RequestError
from modelyard.inference.device import Device
from modelyard.serving.author.assets import Assets
from modelyard.serving.author.cache import ImageCache
from modelyard.serving.protocol.sample import sample_request
from modelyard.serving.worker.endpoint import Endpoint
from modelyard.serving.worker.loading import load_model
from modelyard_tools.adopt.cli import main
from modelyard_tools.adopt.testing.folders import write_folder
from modelyard_tools.adopt.testing.functions import by_name, fields_of, write_assets

MAIN = """
import os

import gdown
import torch
import yaml

WEIGHTS = os.path.join(os.path.dirname(__file__), "best.onnx")


def init_context(context):
    with open("config.yaml") as file:
        context.user_data.sizes = yaml.safe_load(file)["sizes"]
    with open("classes.txt") as file:
        context.user_data.names = file.read().split()
    context.user_data.weights = open(WEIGHTS).read()
    context.user_data.other = open("missing.pt")
    torch.hub.load("author/network", "small")
    gdown.download("https://drive.google.com/uc?id=1")
    Network.from_pretrained("author/network")


def handler(context, event):
    return context.Response(body="[]", content_type="application/json")
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with files beside its code."""
    folder = write_folder(tmp_path, by_name("openvino-omz-public-yolo"))
    (folder / "main.py").write_text(MAIN)
    (folder / "best.onnx").write_text("network")
    (folder / "classes.txt").write_text("cat\ndog\n")
    (folder / "config.yaml").write_text("# Sides\nsizes: [640, 480]\n")
    return folder


def test_files_beside_the_code_travel_with_it_and_weights_are_pinned(
    repository: Path, own: Path
) -> None:
    assert main([str(own), "--name", "mine_2"]) == 0
    folder = repository / "functions" / "openvino" / "mine_2"
    assert (folder / "author" / "classes.txt").read_text() == "cat\ndog\n"
    assert yaml.safe_load((folder / "author" / "config.yaml").read_text()) == {"sizes": [640, 480]}
    assert not (folder / "author" / "best.onnx").exists()
    build = (folder / "BUILD").read_text()
    digest = hashlib.sha256(b"network").hexdigest()
    assert f'sha256="{digest}",\n    size=7,' in build
    assert f'source="{(own / "best.onnx").as_uri()}"' in build
    assert 'resources(\n    name="author_data"' in build
    assert fields_of(folder)["weights"][0] == ":best"


def test_what_is_opened_by_a_bare_name_is_found(
    tmp_path: Path, repository: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = MAIN.replace("import gdown\nimport torch\n", "")
    text = "\n".join(line for line in text.splitlines() if "author/" not in line)
    text = "\n".join(line for line in text.splitlines() if "gdown" not in line)
    text = text.replace('    context.user_data.other = open("missing.pt")\n', "")
    reply = "str([context.user_data.sizes, context.user_data.names, context.user_data.weights])"
    (own / "main.py").write_text(text.replace('body="[]"', f"body={reply}, status_code=422"))
    assert main([str(own), "--name", "bare_2"]) == 0
    monkeypatch.syspath_prepend(str(repository / "functions" / "openvino"))
    row = msgspec.structs.replace(by_name("openvino-omz-public-yolo"), path="x/bare", paths=())
    folder = tmp_path / "assets"
    write_assets(folder, row)
    (folder / "weights" / "best.onnx").write_text("network")
    assets = Assets.open(folder)
    endpoint = Endpoint(load_model(assets, Device()), assets, ImageCache(0))
    with pytest.raises(RequestError) as error:
        endpoint.answer(sample_request("detector"))
    assert error.value.message == "[[640, 480], ['cat', 'dog'], 'network']"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("context.user_data.other", "opens missing.pt; provide a file of that name"),
        ("torch.hub.load", "torch.hub.load downloads when the function starts"),
        ("gdown.download", "gdown.download downloads when the function starts"),
        ("from_pretrained", "Network.from_pretrained downloads when the function starts"),
    ],
)
def test_what_fetches_files_gets_a_note_with_its_line(
    repository: Path, own: Path, capsys: pytest.CaptureFixture[str], line: str, reason: str
) -> None:
    assert main([str(own), "--name", "mine_2"]) == 0
    number = 1 + next(index for index, each in enumerate(MAIN.splitlines()) if line in each)
    shown = capsys.readouterr().out
    assert f"author/main.py:{number}: {reason}" in shown
    assert "best.onnx; provide" not in shown
