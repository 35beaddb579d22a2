"""The command line of `./pants adopt`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from modelyard_contract.frameworks import FRAMEWORKS
from modelyard_contract.version import VERSION
from modelyard_tools.adopt.adoption import adopt
from modelyard_tools.adopt.errors import AdoptError
from modelyard_tools.adopt.fitting import MARK


def main(argv: Sequence[str] | None = None) -> int:
    """Adopt a function; return the exit code: 0 done, 1 failed, 2 not a function to adopt."""
    options = _parse(argv)
    repository = Path.cwd()
    try:
        result = adopt(repository, options.folder, options.name, options.framework)
    except AdoptError as error:
        print(f"adopt: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"adopt: cannot write {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    path = os.path.relpath(result.folder, repository)
    print(f"Wrote {path}. Not carried over (also listed in {path}/README.md):")
    for note in result.notes:
        print(f"  - {note}")
    print(
        f"Next:\n"
        f"  1. grep -rn {MARK} {path}     lists what you must change before it works\n"
        f"  2. ./pants run {path}#cpu     serves it here and follows your edits\n"
        f"  3. ./pants run ::deploy"
    )
    return 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./pants adopt",
        description="Adopt a function written for CVAT's own `serverless` folder.",
    )
    parser.add_argument("--version", action="version", version=VERSION)
    parser.add_argument("folder", type=Path, help="folder with its function.yaml")
    parser.add_argument("--name", help="new folder and package name (default: the folder's own)")
    parser.add_argument(
        "--framework",
        choices=FRAMEWORKS,
        help="framework that runs the model (default: guessed from the path or the imports)",
    )
    return parser.parse_args(argv)
