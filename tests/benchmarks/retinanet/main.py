"""How long our RetinaNet R101 takes, and detectron2's own, on the same weights.

    ./pants run tests/benchmarks/retinanet/main.py

Random weights, which take as long as the published ones; an input of 800x800 pixels. In turns:
detectron2's forward pass, ours, ours as OpenVINO runs it, and our decoding of the answers with a
threshold of 0.05. The least of several runs of each counts. Exit code 1 if ours takes more than
1.05 times as long as detectron2's, OpenVINO more than 0.7 times, or decoding more than 5 % of ours.
"""

import os
import sys
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import openvino
import torch
from torch import Tensor, nn

from detectron2_engine.checkpoint_testing import random_checkpoint
from detectron2_engine.importing import build_model
from detectron2_engine.zoo import open_configuration
from inference.checkpoints import build_network, load_state
from inference.device import Device
from inference.torch_device import prepare
from retinanet_r101.decode import decode
from retinanet_r101.network import CLASSES, Level, RetinaNet

_CONFIG: Final = "COCO-Detection/retinanet_R_101_FPN_3x"
_SIDE: Final = 800
_RUNS: Final = 5
_MOST: Final = {"ours": 1.05, "OpenVINO": 0.7}
_MOST_DECODING: Final = 0.05


class Flat(nn.Module):
    """Our network with tensors alone as its answer, which a conversion can follow."""

    def __init__(self, network: RetinaNet) -> None:
        """Wrap it."""
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """Return the logits of all maps, then the deltas."""
        levels: list[Level] = self.network(pixels)
        return [*(level.logits for level in levels), *(level.deltas for level in levels)]


@torch.inference_mode()
def main() -> int:
    """Measure, print, and say whether a bar is missed."""
    state = {name: torch.from_numpy(a) for name, a in random_checkpoint(_CONFIG).items()}
    ours = prepare(build_network(RetinaNet, state, source="random"), Device())
    theirs = build_model(open_configuration(_CONFIG)).eval()
    load_state(theirs, state, source="random")
    pixels = torch.randn(1, 3, _SIDE, _SIDE, generator=torch.Generator().manual_seed(0)) * 50
    compiled = _compiled(ours, pixels)
    levels: list[Level] = ours(pixels)
    _check(levels, _head(theirs, pixels))
    _check(levels, [torch.from_numpy(a) for a in compiled([pixels.numpy()]).values()])
    least = _least(
        {
            "detectron2": lambda: _head(theirs, pixels),
            "ours": lambda: ours(pixels),
            "OpenVINO": lambda: compiled([pixels.numpy()]),
            "decoding": lambda: _decode(levels),
        }
    )
    print(f"threads {torch.get_num_threads()}, load {os.getloadavg()[0]:.1f}")
    missed = False
    for name, most in _MOST.items():
        ratio = least[name] / least["detectron2"]
        missed |= ratio > most
        print(f"{name} {least[name]:.2f} s: {ratio:.2f} of detectron2's (at most {most})")
    share = least["decoding"] / (least["ours"] + least["decoding"])
    print(f"decoding {least['decoding']:.3f} s: {share:.1%} of ours (at most {_MOST_DECODING:.0%})")
    return int(missed or share > _MOST_DECODING)


def _least(parts: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Return the seconds of the fastest run of each part, all of them in turns."""
    least = dict.fromkeys(parts, float("inf"))
    for _ in range(_RUNS):
        for name, run in parts.items():
            started = time.perf_counter()
            run()
            least[name] = min(least[name], time.perf_counter() - started)
    return least


def _head(network: Any, pixels: Tensor) -> list[Tensor]:
    """Return what detectron2's network answers, in the order of `Flat`."""
    features = network.backbone(pixels)
    logits, deltas = network.head([features[name] for name in network.head_in_features])
    listed = [
        answer.reshape(9, size, *answer.shape[2:]).permute(2, 3, 0, 1).reshape(-1, size)
        for answers, size in ((logits, CLASSES), (deltas, 4))
        for answer in answers
    ]
    return listed


def _compiled(network: RetinaNet, pixels: Tensor) -> Any:
    model = openvino.convert_model(Flat(network), example_input=pixels, input=[pixels.shape])
    # As lib/inference/openvino.py has them: left to itself it would compute in bfloat16.
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "ENABLE_CPU_PINNING": False,
    }
    return openvino.Core().compile_model(model, "CPU", settings)


def _check(levels: list[Level], answers: list[Tensor]) -> None:
    """Stop if the networks compared do not compute the same."""
    expected = [*(level.logits for level in levels), *(level.deltas for level in levels)]
    for ours, theirs in zip(expected, answers, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)


def _decode(levels: list[Level]) -> None:
    classes = np.ones(CLASSES, np.bool_)
    decode(levels, 0.05, candidates=1000, overlap=0.5, limit=100, classes=classes)


if __name__ == "__main__":
    sys.exit(main())
