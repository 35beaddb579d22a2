"""Measures the decoding of a full answer of YOLOv8: boxes, and masks, to CVAT's JSON.

    ./pants run tests/benchmarks/heads/main.py

An output of 8400 rows with 80 classes, of which suppression leaves 100 objects, and for the masks
32 prototypes of 160 x 160; a picture of 1 megapixel. Prints the medians of the CPU time from the
raw output to the encoded reply, on one thread. Exit code 1 if it is above 6 ms for boxes, or above
25 ms with masks.
"""

import argparse
import os
import sys

from modelyard.inference.threads import thread_env


def main() -> int:
    """Measure, print, and return whether a target is missed."""
    argparse.ArgumentParser(description="Decoding of a full answer to a reply.").parse_args()
    os.environ.update(thread_env(1))
    # NumPy's libraries read it once, on loading.
    from benchmarks.heads.measuring import compare  # noqa: PLC0415

    return int(not compare())


if __name__ == "__main__":
    sys.exit(main())
