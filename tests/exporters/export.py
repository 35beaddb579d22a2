"""Exports networks with their authors' packages, and writes what those find with them.

    ./pants run tests/exporters/export.py:export -- FOLDER [--only WORD]

Exit code 1 if a package cannot export a form that it could before.
"""

import argparse
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import openvino

from exporters.environment import keep_to_themselves
from exporters.pictures import write_pictures
from modelyard.models.detectron2.operators import provide_operators

_FLOAT32: Final = {"INFERENCE_PRECISION_HINT": "f32"}
_Export = Callable[[Path, list[Path]], Iterator[str]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Export everything and return the exit code."""
    options = _parse(arguments)
    folder = options.folder.absolute()
    settings = folder / "settings"
    settings.mkdir(parents=True, exist_ok=True)
    keep_to_themselves(settings)
    pictures = write_pictures(folder / "pictures")
    # Ultralytics writes some files into the working folder.
    os.chdir(folder)
    failed = []
    for name, export in _exports():
        if options.only not in name:
            continue
        start = time.monotonic()
        try:
            for form in export(folder, pictures):
                print(f"exported {form} in {time.monotonic() - start:.0f} s", flush=True)
                start = time.monotonic()
        except Exception:
            traceback.print_exc()
            failed.append(name)
    for name in failed:
        print(f"export: {name} could not be exported", file=sys.stderr)
    return 1 if failed else 0


def _compute_in_float32() -> None:
    """Have OpenVINO compute as our functions do, on processors with bfloat16 too."""
    compiled = openvino.Core.compile_model

    def compile_model(core: Any, model: Any, device_name: Any = None, config: Any = None) -> Any:
        return compiled(core, model, device_name, {**(config or {}), **_FLOAT32})

    openvino.Core.compile_model = compile_model


def _exports() -> Iterator[tuple[str, _Export]]:
    provide_operators()
    _compute_in_float32()
    from exporters import rf_detr, transformer_peers, yolo  # noqa: PLC0415 - after the operators

    for network in yolo.NETWORKS:
        yield network.config, lambda *places, chosen=network: yolo.export(chosen, *places)
    for module in (rf_detr, transformer_peers):
        for family in module.names():
            yield family, lambda *places, of=module, name=family: of.export(name, *places)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="export", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="only networks whose names contain this")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
