"""Measures how long a worker takes from its start until it is ready.

Compared, in turns, with a bare script that imports OpenVINO and compiles the same networks, and
with one that also runs them once, as our workers do before they report ready.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.starting import Cost, compared, cost_of_script, cost_of_worker, report
from modelyard_contract.variables import MODEL_CACHE

BAR: Final = 1.3
FUNCTIONS: Final = {
    "coco-ssd": ["coco_ssd.xml"],
    "sam": ["sam_encoder.onnx", "sam_decoder.onnx"],
}
_BARE: Final = """
import sys
import openvino
core = openvino.Core()
settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
compiled = [core.compile_model(path, "CPU", settings) for path in sys.argv[2:]]
if sys.argv[1] == "run":
    import numpy
    for model in compiled:
        shapes = [
            [length.get_length() if length.is_static else 300 if len(port.partial_shape) == 4 else 2
             for length in port.partial_shape]
            for port in model.inputs
        ]
        if len(model.inputs) == 1 and shapes[0][0] == 300:
            shapes[0][0] = 1
        model([
            numpy.zeros(shape, port.element_type.to_dtype())
            for shape, port in zip(shapes, model.inputs, strict=True)
        ])
"""
# Clean-up at exit is a considerable part of a script's time.
_AT_ONCE: Final = """
import os
os._exit(0)
"""


def main() -> int:
    """Measure, print, and return 0 if the target is met."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--dist", type=Path, default=Path("dist"), help="the packaged functions")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    kept = True
    for name, networks in FUNCTIONS.items():
        assets = (options.dist / name / "cpu" / "assets").absolute()
        if not assets.is_dir():
            raise SystemExit(f"no {assets}: run ./pants package functions/openvino:: first")
        kept &= measure(name, assets, networks, options.rounds)
    return int(not kept)


def measure(name: str, assets: Path, networks: list[str], rounds: int) -> bool:
    """Measure one function, print, and return whether it meets the target."""
    files = [str(assets / "weights" / network) for network in networks]
    with tempfile.TemporaryDirectory() as kept:
        cached = {MODEL_CACHE: kept}
        ways: dict[str, Callable[[], Cost]] = {
            "bare script, compiles": lambda: cost_of_script(_BARE, "compile", *files),
            "bare script, ends at once": lambda: cost_of_script(
                _BARE + _AT_ONCE, "compile", *files
            ),
            "bare script, compiles and runs": lambda: cost_of_script(_BARE, "run", *files),
            "worker, first start": lambda: cost_of_worker(assets),
            "worker, started again": lambda: cost_of_worker(assets, cached),
        }
        least = compared(ways, rounds)
    base = least["bare script, compiles"]
    report(f"{name} (best of {rounds})", least, base)
    ratio = least["worker, first start"].seconds / base.seconds
    print(f"  first start / compiles: {ratio:.2f} (target {BAR})")
    return ratio <= BAR


if __name__ == "__main__":
    sys.exit(main())
