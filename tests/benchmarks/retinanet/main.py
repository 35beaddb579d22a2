"""How long our RetinaNet R101 takes, and detectron2's own, on the same weights.

    ./pants run tests/benchmarks/retinanet/main.py

Random weights, which take as long as the published ones; an input of 800x800 pixels. In turns:
detectron2's forward pass, ours, ours as the variant `openvino` runs it, and our decoding of the
answers with a threshold of 0.05. The least of several runs of each counts. Exit code 1 if ours
takes more than 1.05 times as long as detectron2's, OpenVINO more than 0.7 times, or decoding more
than 5 % of ours.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import openvino
import torch
from torch import Tensor

from detectron2_engine.checkpoint_testing import random_checkpoint
from detectron2_engine.importing import build_model
from detectron2_engine.zoo import open_configuration
from inference.checkpoints import build_network, load_state
from inference.device import Device
from inference.openvino import OpenVINOSession
from inference.torch_device import prepare
from retinanet_r101.decode import CLASSES, Seen, decode
from retinanet_r101.export import exported
from retinanet_r101.exported import DELTAS, LOGITS, PIXELS
from retinanet_r101.network import RetinaNet

_CONFIG: Final = "COCO-Detection/retinanet_R_101_FPN_3x"
_SIDE: Final = 800
_RUNS: Final = 5
_MOST: Final = {"ours": 1.05, "OpenVINO": 0.7}
_MOST_DECODING: Final = 0.05


@torch.inference_mode()
def main() -> int:
    """Measure, print, and say whether a bar is missed."""
    state = {name: torch.from_numpy(a) for name, a in random_checkpoint(_CONFIG).items()}
    ours = prepare(build_network(RetinaNet, state, source="random"), Device())
    theirs = build_model(open_configuration(_CONFIG)).eval()
    load_state(theirs, state, source="random")
    pixels = torch.randn(1, 3, _SIDE, _SIDE, generator=torch.Generator().manual_seed(0)) * 50
    session = _exported(ours)
    given = {PIXELS: pixels.numpy()}
    answers = ours(pixels)
    _check(answers, _head(theirs, pixels))
    by_name = session.infer(given)
    _check(answers, [torch.from_numpy(by_name[name]) for name in (*LOGITS, *DELTAS)])
    seen = [_seen(*pair) for pair in zip(answers[:5], answers[5:], strict=True)]
    least = _least(
        {
            "detectron2": lambda: _head(theirs, pixels),
            "ours": lambda: ours(pixels),
            "OpenVINO": lambda: session.infer(given),
            "decoding": lambda: _decode(seen),
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
    """Return what detectron2's network answers, in the order of `RetinaNet`."""
    features = network.backbone(pixels)
    logits, deltas = network.head([features[name] for name in network.head_in_features])
    listed = [
        answer.reshape(9, size, *answer.shape[2:]).permute(2, 3, 0, 1).reshape(-1, size)
        for answers, size in ((logits, CLASSES), (deltas, 4))
        for answer in answers
    ]
    return listed


def _exported(network: RetinaNet) -> OpenVINOSession:
    """Return the network as the variant `openvino` has it: for inputs of any size."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "network.xml")
        openvino.save_model(exported(network), file, compress_to_fp16=False)
        return OpenVINOSession(file, device=Device(), threads=torch.get_num_threads())


def _check(answers: Sequence[Tensor], others: Sequence[Tensor]) -> None:
    """Stop if the networks compared do not compute the same."""
    for ours, theirs in zip(answers, others, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)


def _seen(logits: Tensor, deltas: Tensor) -> Seen:
    return Seen(np.arange(len(logits)), logits.numpy(), deltas.numpy())


def _decode(seen: list[Seen]) -> None:
    classes = np.ones(CLASSES, np.bool_)
    size = _SIDE, _SIDE
    decode(seen, size, 0.05, candidates=1000, overlap=0.5, limit=100, classes=classes)


if __name__ == "__main__":
    sys.exit(main())
