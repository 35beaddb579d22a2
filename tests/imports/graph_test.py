import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from imports.graph import cycle


def test_no_module_of_this_repository_imports_itself_through_others() -> None:
    settings = tomllib.loads(Path("pants.toml").read_text(encoding="utf-8"))
    roots = settings["source"]["root_patterns"]
    assert len(list(Path("platform/tools").rglob("*.py"))) > 100
    found = cycle(Path(), roots)
    assert not found, " imports ".join(map(str, found))


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "files",
    [
        {"lib/a.py": "import b", "lib/b.py": "import a"},
        {"lib/a.py": "import b", "lib/b.py": "def f():\n    from a import g"},
        {"lib/a.py": "from b import C", "lib/b.py": "if TYPE_CHECKING:\n    import a"},
        {"lib/a.py": "import b", "lib/b.py": "import c", "lib/c.py": "import a"},
        {"lib/p/__init__.py": "", "lib/p/a.py": "from p import b", "lib/p/b.py": "import p.a"},
        {
            "lib/p/__init__.py": "",
            "lib/p/a.py": "from . import b",
            "lib/p/b.py": "from .a import x",
        },
        {"lib/p/__init__.py": "from p.a import x", "lib/p/a.py": "from p import y"},
        {"lib/p/q/a.py": "from ..b import x", "lib/p/b.py": "from p.q.a import x"},
        {"lib/a.py": "import b", "apps/one/b.py": "import a"},
        {"scripts/a.py": "import b", "scripts/b.py": "import a"},
    ],
)
def test_a_cycle_is_found(tmp_path: Path, files: Mapping[str, str]) -> None:
    write(tmp_path, files)
    found = cycle(tmp_path, ["/lib", "/apps/*"])
    assert found[0] == found[-1]
    assert {str(path) for path in found} <= set(files)
    assert len(found) - 1 == len([name for name in files if files[name]])


@pytest.mark.parametrize(
    "files",
    [
        {"lib/a.py": "import b, c", "lib/b.py": "import c", "lib/c.py": "import json"},
        # Packages re-export their modules' definitions.
        {
            "lib/p/__init__.py": "from p.a import x",
            "lib/p/a.py": "from p.b import y",
            "lib/p/b.py": "",
        },
        # With the same name, in two roots.
        {"apps/one/a.py": "import b", "apps/one/b.py": "", "apps/two/b.py": "import a"},
        # A module with the name of one in the standard library.
        {"lib/p/__init__.py": "", "lib/p/json.py": "import json"},
    ],
)
def test_what_is_no_cycle_is_passed_over(tmp_path: Path, files: Mapping[str, str]) -> None:
    write(tmp_path, files)
    assert cycle(tmp_path, ["/lib", "/apps/*"]) == []


def test_a_cycle_is_told_in_the_order_of_its_imports(tmp_path: Path) -> None:
    write(tmp_path, {"lib/a.py": "import b", "lib/b.py": "import c", "lib/c.py": "import a"})
    found = [path.stem for path in cycle(tmp_path, ["/lib"])]
    assert found in (list("abca"), list("bcab"), list("cabc"))
