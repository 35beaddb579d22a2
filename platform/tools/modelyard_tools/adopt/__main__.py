"""`./pants adopt FOLDER`: adopt a function written for CVAT's `serverless` folder."""

import sys

from modelyard_tools.adopt.cli import main

if __name__ == "__main__":
    sys.exit(main())
