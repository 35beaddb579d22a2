"""`./pants new-function NAME`: a function to start from."""

import sys

from modelyard_tools.scaffold.cli import main

if __name__ == "__main__":
    sys.exit(main())
