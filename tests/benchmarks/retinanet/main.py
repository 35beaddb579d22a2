"""Compares our RetinaNet R101 with detectron2's own, on the same weights.

    ./pants run tests/benchmarks/retinanet/main.py

Random weights, which take as long as the published ones; an input of 800x800 pixels. In turns:
detectron2's forward pass, ours, ours on OpenVINO in float32 and as in the variant `openvino` (in
bfloat16 if the CPU supports it), and our decoding of the outputs with a threshold of 0.05. The
minimum of several runs of each is used, in wall-clock and CPU time. Exit code 1 if in wall-clock
time ours takes more than 1.05 times as long as detectron2's, the variant more than 0.7 times, or
decoding more than 5 % of ours.

On a busy machine only CPU time is meaningful, and only on one thread, because threads busy-wait for
each other: MODELYARD_THREADS=1 OMP_NUM_THREADS=1. Note that on one thread torch uses a slower
implementation of 1x1 convolutions in float32.
"""

import argparse
import math
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

from modelyard.inference.device import Device
from modelyard.inference.openvino import OpenVINOSession
from modelyard.inference.precision import Precision, supported_precision
from modelyard.inference.torch_device import prepare
from modelyard.inference.torch_loading import build_network, load_state
from modelyard.models.detectron2.importing import build_model
from modelyard.models.detectron2.testing.checkpoints import random_checkpoint
from modelyard.models.detectron2.zoo import open_configuration
from retinanet_r101.decode import CLASSES, Seen, decode
from retinanet_r101.export import exported
from retinanet_r101.exported import DELTAS, LOGITS, PIXELS
from retinanet_r101.network import RetinaNet

_CONFIG: Final = "COCO-Detection/retinanet_R_101_FPN_3x"
_SIDE: Final = 800
_RUNS: Final = 5
_VARIANT: Final = "the variant openvino"
_MOST: Final = {"ours": 1.05, _VARIANT: 0.7}
_MOST_DECODING: Final = 0.05
# As in its BUILD file.
_QUICK: Final = supported_precision("bfloat16")


@torch.inference_mode()
def main() -> int:
    """Measure, print, and return whether a target is missed."""
    argparse.ArgumentParser(description="Our RetinaNet compared with detectron2's.").parse_args()
    state = {name: torch.from_numpy(a) for name, a in random_checkpoint(_CONFIG).items()}
    ours = prepare(build_network(RetinaNet, state, source="random"), Device())
    theirs = build_model(open_configuration(_CONFIG)).eval()
    load_state(theirs, state, source="random")
    pixels = torch.randn(1, 3, _SIDE, _SIDE, generator=torch.Generator().manual_seed(0)) * 50
    session, quick = _exported(ours, "float32"), _exported(ours, _QUICK)
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
            "OpenVINO in float32": lambda: session.infer(given),
            _VARIANT: lambda: quick.infer(given),
            "decoding": lambda: _decode(seen),
        }
    )
    print(f"threads {torch.get_num_threads()}, load {os.getloadavg()[0]:.1f}")
    missed = False
    for name, (clock, processor) in least.items():
        ratio, other = (
            taken / theirs_took
            for taken, theirs_took in zip((clock, processor), least["detectron2"], strict=True)
        )
        missed |= ratio > _MOST.get(name, math.inf)
        print(f"{name} {clock:.2f} s: {ratio:.2f} of detectron2's; CPU time {other:.2f}")
    decoding, network = least["decoding"][0], least["ours"][0]
    share = decoding / (network + decoding)
    print(f"decoding {decoding:.3f} s: {share:.1%} of ours (at most {_MOST_DECODING:.0%})")
    return int(missed or share > _MOST_DECODING)


def _least(parts: dict[str, Callable[[], Any]]) -> dict[str, tuple[float, float]]:
    """Return the least wall-clock and CPU seconds, all parts in turns."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in parts}
    for _ in range(_RUNS):
        for name, run in parts.items():
            clock, processor = time.perf_counter(), time.process_time()
            run()
            taken[name].append((time.perf_counter() - clock, time.process_time() - processor))
    return {
        name: (min(clock for clock, _ in all_), min(processor for _, processor in all_))
        for name, all_ in taken.items()
    }


def _head(network: Any, pixels: Tensor) -> list[Tensor]:
    """Return the outputs of detectron2's network, in the order of `RetinaNet`."""
    features = network.backbone(pixels)
    logits, deltas = network.head([features[name] for name in network.head_in_features])
    listed = [
        answer.reshape(9, size, *answer.shape[2:]).permute(2, 3, 0, 1).reshape(-1, size)
        for answers, size in ((logits, CLASSES), (deltas, 4))
        for answer in answers
    ]
    return listed


def _exported(network: RetinaNet, precision: Precision) -> OpenVINOSession:
    """Return the network as in the variant `openvino`: for inputs of any size."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "network.xml")
        openvino.save_model(exported(network), file, compress_to_fp16=False)
        threads = torch.get_num_threads()
        return OpenVINOSession(file, device=Device(), threads=threads, precision=precision)


def _check(answers: Sequence[Tensor], others: Sequence[Tensor]) -> None:
    """Stop if the compared networks do not compute the same."""
    for ours, theirs in zip(answers, others, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)


def _seen(logits: Tensor, deltas: Tensor) -> Seen:
    return Seen(np.arange(len(logits)), logits.numpy(), deltas.numpy())


def _decode(seen: list[Seen]) -> None:
    classes = np.ones(CLASSES, np.bool_)
    size = (_SIDE, _SIDE)
    decode(seen, size, 0.05, candidates=1000, overlap=0.5, limit=100, classes=classes)


if __name__ == "__main__":
    sys.exit(main())
