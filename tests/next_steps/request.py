"""Prints a CVAT request: `./pants run tests/next_steps/request.py -- TYPE`."""

import argparse
import sys

from modelyard.serving.protocol.sample import sample_request
from modelyard_contract.function_types import FUNCTION_TYPES


def main() -> None:
    """Print the sample request for a type of function."""
    parser = argparse.ArgumentParser(description="Print a CVAT request.")
    parser.add_argument("type", choices=FUNCTION_TYPES)
    sys.stdout.buffer.write(sample_request(parser.parse_args().type))


if __name__ == "__main__":
    main()
