"""`./pants new-function NAME`: a function to start from."""

import sys

from scaffold.cli import main

if __name__ == "__main__":
    sys.exit(main())
