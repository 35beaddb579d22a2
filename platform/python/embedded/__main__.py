"""`python -m embedded`: see `embedded.main`."""

import sys

from embedded.main import main

if __name__ == "__main__":
    sys.exit(main())
