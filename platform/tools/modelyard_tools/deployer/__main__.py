"""`python -m modelyard_tools.deployer`: see `modelyard_tools.deployer.cli`."""

import sys

from modelyard_tools.deployer.cli import main

if __name__ == "__main__":
    sys.exit(main())
