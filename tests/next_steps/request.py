"""Prints what CVAT would ask: `./pants run tests/next_steps/request.py -- TYPE`."""

import argparse
import sys

from serving.sample import TYPES, sample_request


def main() -> None:
    """Print the sample request for a type of function."""
    parser = argparse.ArgumentParser(description="Print a request of CVAT's.")
    parser.add_argument("type", choices=TYPES)
    sys.stdout.buffer.write(sample_request(parser.parse_args().type))


if __name__ == "__main__":
    main()
