"""How long a worker takes from its start until it is ready.

Beside it, in turns: a bare script that imports OpenVINO and compiles the same networks, and the
same script if it also runs them once, which our workers do before they call themselves ready.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from serving.protocol import HEADER, Ready, decode_from_worker

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


def main() -> int:
    """Measure, print, and return 0 if the bar is kept."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--dist", type=Path, default=Path("dist"), help="what was packaged")
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
    """Measure one function, print, and return whether it keeps the bar."""
    files = [str(assets / "weights" / network) for network in networks]
    with tempfile.TemporaryDirectory() as kept:
        cached = {"MODELYARD_MODEL_CACHE": kept}
        ways: dict[str, Callable[[], float]] = {
            "bare script, compiles": lambda: bare("compile", files),
            "bare script, compiles and runs": lambda: bare("run", files),
            "worker, first start": lambda: worker(assets, {}),
            "worker, started again": lambda: worker(assets, cached),
        }
        # The first round fills the caches of the disk, and ours.
        times = [{way: start() for way, start in ways.items()} for _ in range(rounds + 1)][1:]
    # The least time, for other work on the machine only ever adds to it.
    least = {way: min(one[way] for one in times) for way in ways}
    base = least["bare script, compiles"]
    print(f"{name} (best of {rounds})")
    for way, seconds in least.items():
        print(f"  {way:31} {seconds:6.2f} s  {seconds / base:5.2f}")
    ratio = least["worker, first start"] / base
    print(f"  first start / compiles: {ratio:.2f} (bar {BAR})")
    return ratio <= BAR


def bare(what: str, files: list[str]) -> float:
    """Return how long the bare script takes."""
    started = time.perf_counter()
    command = [sys.executable, "-c", _BARE, what, *files]
    subprocess.run(command, env=environment({}), check=True)  # noqa: S603 (our own script)
    return time.perf_counter() - started


def worker(assets: Path, settings: Mapping[str, str]) -> float:
    """Return how long a worker takes until it says that it is ready."""
    near, far = socket.socketpair()
    started = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 (our own worker)
        [sys.executable, "-m", "serving.worker", "--fd", str(far.fileno())],
        env=environment({"MODELYARD_ASSETS": str(assets), **settings}),
        pass_fds=[far.fileno()],
    )
    with near, process:
        far.close()
        (length,) = HEADER.unpack(take(near, HEADER.size))
        message = decode_from_worker(take(near, length))
        seconds = time.perf_counter() - started
        process.terminate()
    if not isinstance(message, Ready):
        raise SystemExit(f"the worker cannot start: {message}")
    return seconds


def take(source: socket.socket, length: int) -> bytes:
    """Return exactly the next `length` bytes."""
    content = b""
    while len(content) < length:
        part = source.recv(length - len(content))
        if not part:
            raise SystemExit("the worker ended before it was ready")
        content += part
    return content


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a child that finds the modules that we find."""
    search_path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path if entry)
    # OpenVINO sends no telemetry where CI is set.
    return {**os.environ, "CI": "true", "PYTHONPATH": search_path, **settings}


if __name__ == "__main__":
    sys.exit(main())
