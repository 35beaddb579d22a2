import json
from pathlib import Path
from typing import Any

import pytest

from modelyard_tools.catalogue.entry import CatalogueError, Entry, read_entries
from modelyard_tools.catalogue.page import Measured, page

MANIFEST = {
    "name": "a-detector",
    "display_name": "A detector",
    "description": "Finds things",
    "type": "detector",
    "address": "functions/openvino/a_detector#cpu",
    "licence": "MIT",
    "licence_stated_at": ["https://example.org/a", "https://example.org/b"],
    "code_licence": "GPL-3.0-only",
    "origin": "its authors",
    "port": 20000,
    "blocked": None,
}
MEASURED = Measured("on a test", 5, {"a-detector": 0.0214})


def release(dist: Path, names: list[str], **changes: Any) -> None:
    """Write a release as `package` does, as far as the catalogue reads it."""
    manifest = {**MANIFEST, **changes}
    (dist / manifest["address"].partition("#")[0]).mkdir(parents=True, exist_ok=True)
    folder = dist / manifest["name"] / "cpu"
    (folder / "assets" / "weights").mkdir(parents=True)
    (folder / "assets" / "weights" / "net.onnx").write_bytes(bytes(1_500_000))
    (folder / "assets" / "weights" / "LICENSE").write_bytes(bytes(900_000))
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    labels = json.dumps([{"name": name} for name in names])
    spec = {"metadata": {"annotations": {"spec": labels} if names else {}}}
    (folder / "function.yaml").write_text(json.dumps(spec), encoding="utf-8")


def test_a_release_is_read(tmp_path: Path) -> None:
    release(tmp_path, ["cat", "dog"])
    assert read_entries(tmp_path, tmp_path) == [
        Entry(
            name="a-detector",
            display_name="A detector",
            description="Finds things",
            type="detector",
            address="functions/openvino/a_detector",
            licence="MIT",
            licence_stated_at=("https://example.org/a", "https://example.org/b"),
            code_licence="GPL-3.0-only",
            origin="its authors",
            port=20000,
            labels=("cat", "dog"),
            weights=1_500_000,
            variants=("cpu",),
        )
    ]


def test_a_release_whose_function_is_gone_is_skipped(tmp_path: Path) -> None:
    release(tmp_path, ["cat"])
    release(tmp_path, ["cat"], name="gone", address="functions/openvino/gone#cpu")
    (tmp_path / "functions/openvino/gone").rmdir()
    assert [entry.name for entry in read_entries(tmp_path, tmp_path)] == ["a-detector"]


def test_other_variants_are_listed_with_the_one_that_is_described(tmp_path: Path) -> None:
    release(tmp_path, ["cat"])
    for variant in ("openvino", "gpu"):
        folder = tmp_path / f"a-detector-{variant}" / variant
        folder.mkdir(parents=True)
        address = f"functions/openvino/a_detector#{variant}"
        (folder / "manifest.json").write_text(json.dumps({**MANIFEST, "address": address}))
    (entry,) = read_entries(tmp_path, tmp_path)
    assert entry.variants == ("cpu", "gpu", "openvino")
    assert "| Variants | `cpu`, `gpu`, `openvino` |" in page([entry], MEASURED, []).splitlines()


def test_a_ready_function_is_shown_with_all_facts(tmp_path: Path) -> None:
    release(tmp_path, [f"kind {number}" for number in range(8)])
    text = page(read_entries(tmp_path, tmp_path), MEASURED, ["a-detector"])
    assert "### A detector" in text
    assert "![What a-detector answers](images/catalogue/a-detector.jpg)" in text
    for row in (
        "| Function | [`a-detector`](../functions/openvino/a_detector/README.md) |",
        "| Labels | 8: kind 0, kind 1, kind 2, kind 3, kind 4, kind 5, … |",
        "| Weights | 1.5 MB |",
        "| Time | 21 ms |",
        "| Licence of the weights | MIT (code: GPL-3.0-only): [source](https://example.org/a), "
        "[source](https://example.org/b) |",
    ):
        assert row in text.splitlines()
    assert "Waiting for weights" not in text


def test_a_blocked_function_waits_for_its_weights(tmp_path: Path) -> None:
    release(tmp_path, [], blocked="no digest", code_licence="", licence_stated_at=[])
    (entry,) = read_entries(tmp_path, tmp_path)
    assert (entry.weights, entry.labels) == (None, ())
    text = page([entry], MEASURED, [])
    assert "### A detector" not in text
    assert text.endswith(
        "| [`a-detector`](../functions/openvino/a_detector/README.md) | detector | Finds things "
        "| `cpu` | MIT |\n"
    )


def test_without_releases_the_error_says_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="package functions::"):
        read_entries(tmp_path, tmp_path)


def test_a_broken_release_is_named(tmp_path: Path) -> None:
    release(tmp_path, [])
    (tmp_path / "a-detector" / "cpu" / "function.yaml").unlink()
    with pytest.raises(CatalogueError, match="a-detector"):
        read_entries(tmp_path, tmp_path)
