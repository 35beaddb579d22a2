"""Measures how long a worker on torch takes from its start until it is ready.

The function is f-BRS with random weights: its checkpoint of 240 MB is the largest that torch itself
reads. Compared, in turns, with a bare script that imports torch and loads the same checkpoint,
memory-mapped or read.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Final

from benchmarks.starting import compared, cost_of_script, cost_of_worker, report
from fbrs.testing import write_assets

BAR: Final = 1.3
_BARE: Final = """
import sys
import torch
torch.load(sys.argv[2], map_location="cpu", weights_only=True, mmap=sys.argv[1] == "mapped")
"""
# Clean-up at exit is a considerable part of a script's time.
_AT_ONCE: Final = """
import os
os._exit(0)
"""


def main() -> int:
    """Measure, print, and return 0 if the target is met."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept) / "assets"
        checkpoint = write_assets(folder).weights("resnet101_dh256_sbd.pth")
        ways = {
            "bare script, maps": lambda: cost_of_script(_BARE, "mapped", str(checkpoint)),
            "bare script, maps, ends at once": lambda: cost_of_script(
                _BARE + _AT_ONCE, "mapped", str(checkpoint)
            ),
            "bare script, reads": lambda: cost_of_script(_BARE, "read", str(checkpoint)),
            "worker": lambda: cost_of_worker(folder),
        }
        size = checkpoint.stat().st_size
        least = compared(ways, options.rounds)
    base = least["bare script, maps"]
    report(f"{size / 1e6:.0f} MB (best of {options.rounds})", least, base)
    ratio = least["worker"].seconds / base.seconds
    print(f"  worker / maps: {ratio:.2f} (target {BAR})")
    return int(ratio > BAR)


if __name__ == "__main__":
    sys.exit(main())
