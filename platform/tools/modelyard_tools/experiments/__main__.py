"""`./pants experiment …`: run functions on pictures and datasets."""

import sys

from modelyard_tools.experiments.cli import main

if __name__ == "__main__":
    sys.exit(main())
