"""Which files of an installed package go into an image and into its list of files."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import PathDistribution
from pathlib import Path
from threading import Thread

import pytest

from modelyard_tools.images.layers import locked
from modelyard_tools.images.layers.conftest import WriteWheel
from modelyard_tools.images.layers.installed import Installed

FILES = {
    "acme/__init__.py": "X = 1",
    "acme/template.py": "def {{ name }}():",
    "acme/include/acme.h": "",
    "acme/sub/tests/test_a.py": "",
    "acme/testing/__init__.py": "",
    "acme/vendored/other-1.0.dist-info/METADATA": "",
    "acme-1.0.data/scripts/tool": "#!python\n",
    "acme-1.0.data/data/share/acme.txt": "",
}
KEPT = [
    "acme-1.0.dist-info/METADATA",
    "acme-1.0.dist-info/WHEEL",
    "acme/__init__.py",
    "acme/template.py",
    "acme/testing/__init__.py",
    "acme/vendored/other-1.0.dist-info/METADATA",
    "acme-1.0.dist-info/RECORD",
]


def installed(folder: Path, pin: str) -> Installed:
    found = Installed(folder)
    found.add(locked.parse_lock(pin).values())
    return found


def test_tests_headers_programs_and_uvs_notes_stay_out(
    write_wheel: WriteWheel, tmp_path: Path
) -> None:
    one = installed(tmp_path / "one", write_wheel("acme", FILES))
    assert [member.path for member in one.members(one.packages()["acme"])] == KEPT


def test_the_files_and_their_list_do_not_depend_on_the_folder(
    write_wheel: WriteWheel, tmp_path: Path
) -> None:
    pin = write_wheel("acme", FILES)
    found = []
    for place in ("here", "over/there"):
        one = installed(tmp_path / place, pin)
        members = one.members(one.packages()["acme"])
        found.append([(member.path, member.read(), member.executable) for member in members])
    assert found[0] == found[1]


def test_another_build_of_the_version_is_not_taken(write_wheel: WriteWheel, tmp_path: Path) -> None:
    write_wheel("acme", {"other.py": ""}, version="1.0+other")
    one = installed(tmp_path / "one", write_wheel("acme", FILES))
    assert one.packages()["acme"].version == "1.0"


def test_python_finds_the_files_that_are_there(write_wheel: WriteWheel, tmp_path: Path) -> None:
    one = installed(tmp_path / "one", write_wheel("acme", FILES))
    for member in one.members(one.packages()["acme"]):
        path = tmp_path / "image" / member.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(member.read())
    files = PathDistribution(tmp_path / "image" / "acme-1.0.dist-info").files or ()
    assert sorted(map(str, files)) == sorted(KEPT)
    assert all(Path(file.locate()).exists() for file in files)


def test_cached_packages_need_no_network(
    write_wheel: WriteWheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin = write_wheel("acme", FILES)
    serve = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "wheels"))
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as index:
        Thread(target=index.serve_forever).start()
        monkeypatch.setenv("UV_FIND_LINKS", f"http://127.0.0.1:{index.server_port}/")
        installed(tmp_path / "one", pin)
        index.shutdown()
    assert "acme" in installed(tmp_path / "two", pin).packages()
