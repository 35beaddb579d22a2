"""Compares what functions find with exported networks with what the networks' authors' code finds.

    ./pants run tests/exporters:compare -- FOLDER [--json TABLE] [--only WORD]

FOLDER is what `export.py` wrote. Prints a line for each form, and what is wrong. Exit code 1 if
anything is.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from exporters.as_read import UnreadError, Written, detector, written
from exporters.matching import Question, score_fits, united
from exporters.record import EXPECTED, Expected
from modelyard.annotation import Shape
from modelyard.imaging import decode

_NETWORKS: Final = (".onnx", ".xml", ".tflite", ".torchscript", ".pt", ".pth")
# A converted network, where the build converts it.
_CONVERTED: Final = "converted"
_ENOUGH: Final = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and return the exit code."""
    options = _parse(arguments)
    table, failures = [], []
    for file in sorted(options.folder.glob(f"*/{EXPECTED}")):
        if options.only not in file.parent.name:
            continue
        expected = Expected(**json.loads(file.read_text(encoding="utf-8")))
        problems, compared, read = _compared(expected, file.parent)
        failures += [f"{file.parent.name}: {problem}" for problem in problems]
        row = {"family": expected.family, "form": expected.form, "read from": read}
        table.append(row | {"verified": f"{compared} objects" if not problems else "no"})
        print(" | ".join(str(value) for value in table[-1].values()), flush=True)
    if options.json:
        options.json.write_text(json.dumps(table, indent=1, ensure_ascii=False))
    for line in failures:
        print(f"compare: {line}", file=sys.stderr)
    if not table:
        print(f"compare: nothing to compare in {options.folder}", file=sys.stderr)
    print(f"{len(table)} forms, {sum(row['verified'] == 'no' for row in table)} wrong")
    return 1 if failures or not table else 0


def _compared(expected: Expected, folder: Path) -> tuple[list[str], int, str]:
    """Return what is wrong, how many objects were compared, and what the form was read from."""
    files = [folder / name for name in expected.files]
    (file,) = [path for path in files if path.suffix in _NETWORKS]
    converted = [path for path in sorted((folder / _CONVERTED).rglob("*")) if path.is_file()]
    with tempfile.TemporaryDirectory() as scratch:
        try:
            found = written(file.absolute(), Path(scratch), expected.stated)
            weights, root = (converted, folder / _CONVERTED) if converted else (files, folder)
            network = detector(found, weights, root, Path(scratch))
        except UnreadError as error:
            return [str(error)], 0, "-"
        except Exception as error:
            return [f"{type(error).__name__}: {error}"], 0, "-"
        problems, compared = [], 0
        for picture in expected.pictures:
            image = decode((folder / picture["file"]).read_bytes())
            question = Question(expected.kind, folder, image, expected.size)
            try:
                shapes = list(network.detect(image, expected.threshold))
            except Exception as error:
                return [f"{type(error).__name__}: {error}"], compared, _read(found)
            if expected.kind == "classes":
                shapes = united(shapes, image)
            wrong, right = _matched(expected, question, shapes, picture["objects"], found)
            name = Path(picture["file"]).name
            problems += [f"{name}: {problem}" for problem in wrong]
            compared += right
    if not problems and compared < _ENOUGH:
        problems.append(f"only {compared} objects could be compared")
    return problems, compared, _read(found)


def _matched(
    expected: Expected,
    question: Question,
    shapes: list[Shape],
    items: list[dict[str, Any]],
    found: Written,
) -> tuple[list[str], int]:
    """Match shapes with the peer's objects, best first."""
    numbers = {label["name"]: label.get("id", n) for n, label in enumerate(found.labels)}
    left, missing, right = list(shapes), [], 0
    for item in items:
        known = [
            shape
            for shape in left
            if numbers[shape.label] == item["class"] and score_fits(shape, item)
        ]
        rated = [(question.agreement(shape, item), n) for n, shape in enumerate(known)]
        best = max(rated, default=(0.0, 0))
        if best[0] >= 1:
            left.remove(known[best[1]])
            right += question.comparable(item)
        elif not question.comparable(item):
            if best[0] > 0:
                left.remove(known[best[1]])
        elif _certain(item.get("score"), expected):
            missing.append(f"{item['label']} {item.get('score', 1):.3f} ({best[0]:.3f})")
    wrong = []
    if missing:
        wrong.append(f"{len(missing)} of {len(items)} not found, such as {missing[0]}")
    more = [
        shape for shape in left if _certain(shape.confidence, expected) and question.counts(shape)
    ]
    if more:
        wrong.append(f"{len(more)} found that the peer lacks, such as {more[0]!r:.150}")
    if expected.named and (bad := _misnamed(items, found, numbers)):
        wrong.append(f"label {bad[1]!r} is called {bad[0]!r}")
    return wrong, right


def _certain(score: float | None, expected: Expected) -> bool:
    """Whether a score is so far above the threshold that both must report it."""
    return score is None or score >= expected.threshold + 0.02


def _misnamed(
    items: list[dict[str, Any]], found: Written, numbers: dict[str, int]
) -> tuple[str, str] | None:
    names = {number: name for name, number in numbers.items()}
    for item in items:
        if names.get(item["class"]) != item["label"].strip():
            return names.get(item["class"], "nothing"), item["label"]
    return None


def _read(found: Written) -> str:
    options = ", ".join(f"{key}={value}" for key, value in found.options.items())
    return f"{found.head} {options}".strip()


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="compare", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", type=Path, help="write the table to this file")
    parser.add_argument("--only", default="", help="only folders whose names contain this")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
