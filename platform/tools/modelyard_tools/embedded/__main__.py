"""`python -m modelyard_tools.embedded`: see `modelyard_tools.embedded.main`."""

import sys

from modelyard_tools.embedded.main import main

if __name__ == "__main__":
    sys.exit(main())
