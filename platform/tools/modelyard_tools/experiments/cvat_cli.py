"""CVAT's own command line, with one line instead of a traceback for errors of a function."""

import sys
from collections.abc import Sequence

import cvat_sdk.auto_annotation as cvataa
from cvat_cli.__main__ import main as run

from modelyard_tools.experiments.errors import ExperimentError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `cvat-cli`; return its exit code."""
    try:
        return int(run(None if arguments is None else list(arguments)))
    except (cvataa.BadFunctionError, ExperimentError) as error:
        print(f"cvat-cli: {' '.join(str(error).split())}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
