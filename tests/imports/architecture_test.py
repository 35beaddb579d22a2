"""ARCHITECTURE.md names existing files, and its diagram matches the imports between packages."""

import re
import tomllib
from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from imports.packages import CONTRACT, DiagramError, Packages, drawn, packages

PAGE = Path("ARCHITECTURE.md")
# Possible roots of the paths on the page.
FOLDERS = (
    "",
    "lib",
    "lib/contract",
    "lib/modelyard",
    "platform/pants-plugins",
    "platform/pants-plugins/modelyard_pants",
    "platform/tools/modelyard_tools",
)


@pytest.fixture(scope="module")
def real() -> Packages:
    settings = tomllib.loads(Path("pants.toml").read_text(encoding="utf-8"))
    return packages(Path(), settings["source"]["root_patterns"])


@pytest.fixture(scope="module")
def shown() -> Packages:
    return drawn(PAGE.read_text(encoding="utf-8"))


def test_every_package_is_drawn(real: Packages, shown: Packages) -> None:
    assert shown.names == real.names
    assert len(real.names) > 10


def test_every_import_is_drawn_and_no_other(real: Packages, shown: Packages) -> None:
    # Everything may import the contract: arrows to it would clutter the diagram.
    assert shown.edges == {(one, to) for one, to in real.edges if to != CONTRACT}


def test_no_package_imports_itself_through_others(real: Packages) -> None:
    imported = {one: {to for each, to in real.edges if each == one} for one in real.names}
    TopologicalSorter(imported).prepare()


def test_the_contract_imports_no_package(real: Packages) -> None:
    assert not [to for one, to in real.edges if one == CONTRACT]
    assert [one for one, to in real.edges if to == CONTRACT]


def test_the_library_does_not_import_what_uses_it(real: Packages) -> None:
    of_the_library = {each for each in real.names if each.split(".")[0] == "modelyard"}
    assert {to for one, to in real.edges if one in of_the_library} <= {CONTRACT, *of_the_library}


def test_every_file_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`([\w/-]+/\w+\.py)`", PAGE.read_text(encoding="utf-8")))
    found = {name for name in named if any(Path(each, name).is_file() for each in FOLDERS)}
    assert found == named
    assert len(named) > 20


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


FILES = {
    "lib/modelyard/__init__.py": "if TYPE_CHECKING:\n    from modelyard.imaging.image import Image",
    "lib/modelyard/imaging/__init__.py": "",
    "lib/modelyard/imaging/image.py": "from modelyard.imaging import modes",
    "lib/modelyard/imaging/modes.py": "import modelyard_contract.names",
    "lib/modelyard/imaging/image_test.py": "import modelyard_tools.embedded.function",
    "lib/modelyard/imaging/testing/fakes.py": "import modelyard_tools.embedded.function",
    "lib/modelyard/serving/__init__.py": '"""Holds packages."""',
    "lib/modelyard/serving/author/model.py": "import modelyard.imaging.image",
    "lib/modelyard_contract/names.py": "import json",
    "tools/modelyard_tools/__init__.py": '"""Holds packages."""',
    "tools/modelyard_tools/embedded/function.py": "def f():\n    import modelyard.imaging.image",
    "tools/elsewhere.py": "import modelyard.imaging.image",
}


def test_packages_and_imports_are_found_without_those_of_tests(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    found = packages(tmp_path, ["/lib", "/tools"])
    assert found.names == {
        "modelyard",
        "modelyard.imaging",
        "modelyard.serving.author",
        "modelyard_contract",
        "modelyard_tools.embedded",
    }
    assert found.edges == {
        ("modelyard", "modelyard.imaging"),
        ("modelyard.imaging", "modelyard_contract"),
        ("modelyard.serving.author", "modelyard.imaging"),
        ("modelyard_tools.embedded", "modelyard.imaging"),
    }


def page(*lines: str) -> str:
    return "# A page\n\n```mermaid\n" + "".join(f"  {line}\n" for line in lines) + "```\n"


NODES = ('a["modelyard.a"]', 'b["modelyard.b"]', 'c["modelyard.c"]')


def test_a_diagram_is_read() -> None:
    found = drawn(page("flowchart TD", "subgraph lib", *NODES, "end", "a --> b & c", "b --> c"))
    assert found.names == {"modelyard.a", "modelyard.b", "modelyard.c"}
    assert found.edges == {
        ("modelyard.a", "modelyard.b"),
        ("modelyard.a", "modelyard.c"),
        ("modelyard.b", "modelyard.c"),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# No diagram\n", "the page has no diagram"),
        (page(*NODES, "a --> d"), "'d' is not in the diagram"),
        (page(*NODES, "a -.-> b"), "cannot read 'a -.-> b'"),
    ],
)
def test_a_diagram_that_cannot_be_read_is_refused(text: str, message: str) -> None:
    with pytest.raises(DiagramError, match=message):
        drawn(text)
