"""`./pants adopt FOLDER`: a function of CVAT's own kind, taken over."""

import sys

from modelyard_tools.adopt.cli import main

if __name__ == "__main__":
    sys.exit(main())
