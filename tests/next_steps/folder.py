"""Writes a CVAT-style function: `./pants run tests/next_steps/folder.py -- FOLDER URL`."""

import argparse
from pathlib import Path

from modelyard_tools.adopt.testing.folders import Row, write_folder


def main() -> None:
    """Write a detector whose weights are published at a URL without a digest."""
    parser = argparse.ArgumentParser(description="Write a CVAT-style function.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("url", help="of its weights")
    options = parser.parse_args()
    row = Row(
        path="openvino/author/bright_things",
        name="openvino-author-bright-things",
        display="Bright things",
        type="detector",
        framework="openvino",
        imports=("import openvino",),
        paths=("/opt/nuclio/bright.onnx",),
        steps=(("RUN", f"curl -o /opt/nuclio/bright.onnx {options.url}"),),
        labels=[{"id": 1, "name": "bright", "type": "rectangle"}],
    )
    print(write_folder(options.folder, row))


if __name__ == "__main__":
    main()
