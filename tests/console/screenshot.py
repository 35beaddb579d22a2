"""Takes the screenshot of the console for the README.

    ./pants run ::deploy
    ./pants run tests/console/screenshot.py -- --out docs/images/console.png

requires Chromium (Debian: chromium, chromium-driver) and the function to be ready.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from console.chromium import Browser
from console.page import Console
from modelyard_contract.ports import DASHBOARD


def main(argv: Sequence[str] | None = None) -> int:
    """Save the picture; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--port", type=int, default=DASHBOARD, help="the platform's port")
    parser.add_argument("--function", default="coco-ssd", help="the function to show")
    parser.add_argument("--sample", default="Cat", help="the sample picture to show it")
    parser.add_argument("--size", default="880x740", help="width and height of the page")
    parser.add_argument("--out", type=Path, default=Path("console.png"), help="the PNG file")
    options = parser.parse_args(argv)
    width, height = (int(number) for number in options.size.split("x"))

    browser = Browser()
    if browser.missing:
        parser.error(f"{browser.missing} must be installed for this")
    with tempfile.TemporaryDirectory() as folder, browser.start(Path(folder)) as driver:
        console = Console(driver, options.port, Path(folder))
        console.resize(width, height)
        console.open(options.function)
        console.sample(options.sample)
        console.answered()
        console.until(lambda: console.text(".figures").count("ms") > 1)
        console.script("window.scrollTo(0, 0); document.activeElement.blur()")
        picture = console.screenshot()
    picture.save(options.out, optimize=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
