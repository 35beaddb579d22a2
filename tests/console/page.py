"""Page object of the console: a user's actions, and what is then visible."""

import base64
import io
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from PIL import Image
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

_PATIENCE: Final = 60.0
DISTURBANCE: Final = "ERR_NETWORK_CHANGED"
_NEAR: Final = 40

T = TypeVar("T")
Colour = tuple[int, int, int]


def distance(one: Sequence[int], other: Sequence[int]) -> int:
    """Return the largest per-channel difference of two colours."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


class Console:
    """One browser window on the console at `port`."""

    def __init__(self, driver: Chrome, port: int, downloads: Path) -> None:
        self.driver = driver
        self.downloads = downloads
        self.url = f"http://127.0.0.1:{port}"
        self.expected: list[str] = []
        self.heard: list[str] = []

    def until(self, condition: Callable[[], T]) -> T:
        """Poll until the condition is true, or fail with the page's text."""

        def ask(_: Chrome) -> T:
            return condition()

        try:
            # The element may have just been replaced.
            wait = WebDriverWait(self.driver, _PATIENCE, 0.05, [StaleElementReferenceException])
            return wait.until(ask)
        except Exception as error:
            raise AssertionError(f"not in time; the page says:\n{self.text('body')}") from error

    def resize(self, width: int, height: int) -> None:
        """Set the page's size, which may be narrower than a window can be."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def colours(self, scheme: str) -> None:
        """Prefer `light` or `dark`."""
        features = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", features)

    def open_list(self) -> None:
        """Reload the page and show the list."""
        self._load("/", ".functions tbody tr")

    def open(self, function: str) -> None:
        """Reload the page and show a function."""
        self._load(f"/#/functions/{function}", ".bench")

    def _load(self, path: str, css: str) -> None:
        """Reload a page until the selector matches.

        Chromium drops all connections when any network of the machine, such as a container's, comes
        up or goes down; a page that is loading then stays empty.
        """

        def loaded() -> bool:
            self.heard = self.complaints()
            with suppress(WebDriverException):
                self.driver.get("about:blank")
                self.driver.get(self.url + path)
            self.until(lambda: self.all(css) or self._disturbed())
            return bool(self.all(css))

        self.until(loaded)

    def _disturbed(self) -> bool:
        self.heard += self._entries()
        return any(DISTURBANCE in text for text in self.heard)

    def all(self, css: str) -> list[WebElement]:
        """Return all matches."""
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def one(self, css: str) -> WebElement:
        """Return the first match, as soon as there is one."""
        return self.until(lambda: next(iter(self.all(css)), None))  # type: ignore[return-value]

    def button(self, text: str) -> WebElement:
        """Return the button with that text."""
        wanted = self.until(
            lambda: next((b for b in self.all("button, [role=tab]") if b.text == text), None)
        )
        return wanted  # type: ignore[return-value]

    def text(self, css: str) -> str:
        """Return the visible text of the first match."""
        source = """
            const found = document.querySelector(arguments[0]);
            return found?.checkVisibility() ? found.innerText : "";
        """
        return str(self.script(source, css))

    def script(self, source: str, *arguments: Any) -> Any:
        """Run a script in the page and return its result."""
        return self.driver.execute_script(source, *arguments)

    def sample(self, name: str) -> None:
        """Choose a sample picture and wait until it is shown."""
        self.one(f"[aria-label='Sample: {name}']").click()
        self.shown()

    def choose(self, *files: Path) -> None:
        """Choose picture files and wait until the first is shown."""
        self.one("input[type=file]").send_keys("\n".join(map(str, files)))
        self.shown()

    def shown(self) -> None:
        """Wait until the canvas shows a picture."""
        self.until(lambda: self.script("return !!document.querySelector('canvas').dataset.scale"))

    def answered(self) -> None:
        """Wait for the answer to the last request."""
        self.until(lambda: "Answered in" in self.text(".side .timing"))

    def labels(self) -> list[str]:
        """Return the labels in the list of results."""
        source = """
            const cells = document.querySelectorAll(".results tr[tabindex] td:first-child");
            return [...cells].map((cell) => cell.innerText.split("\\n")[0]);
        """
        return [str(label) for label in self.script(source)]

    def click(self, x: float, y: float, *, right: bool = False, shift: bool = False) -> None:
        """Click on a point of the picture, in its pixels."""
        actions = ActionChains(self.driver)
        if shift:
            actions.key_down(Keys.SHIFT)
        actions.move_to_element_with_offset(self.one("canvas"), *self._offset(x, y))
        if right:
            actions.context_click()
        else:
            actions.click()
        if shift:
            actions.key_up(Keys.SHIFT)
        actions.perform()

    def drag(self, left: float, top: float, right: float, bottom: float) -> None:
        """Draw a box on the picture, in its pixels."""
        canvas = self.one("canvas")
        actions = ActionChains(self.driver)
        actions.move_to_element_with_offset(canvas, *self._offset(left, top))
        actions.click_and_hold()
        actions.move_to_element_with_offset(canvas, *self._offset(right, bottom))
        actions.release().perform()

    def keys(self, *keys: str, shift: bool = False) -> None:
        """Press keys, wherever the focus is."""
        actions = ActionChains(self.driver)
        if shift:
            actions.key_down(Keys.SHIFT)
        actions.send_keys(*keys)
        if shift:
            actions.key_up(Keys.SHIFT)
        actions.perform()

    def focus(self, css: str) -> None:
        """Put the focus on the first match."""
        self.script("arguments[0].focus()", self.one(css))

    def drop(self, *files: Path) -> None:
        """Drop files on the drop zone, with the browser's events."""
        contents = [[file.name, base64.b64encode(file.read_bytes()).decode()] for file in files]
        self.script(
            """
            const transfer = new DataTransfer();
            for (const [name, text] of arguments[0]) {
              const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
              transfer.items.add(new File([bytes], name, { type: "image/png" }));
            }
            const place = document.querySelector(".canvas-box");
            for (const type of ["dragover", "drop"]) {
              const event = { dataTransfer: transfer, bubbles: true, cancelable: true };
              place.dispatchEvent(new DragEvent(type, event));
            }
            """,
            contents,
        )
        self.shown()

    def shows(self, x: float, y: float, colour: Colour) -> bool:
        """Whether approximately that colour is at, or within 3 canvas pixels of, a point."""
        seen = self._pixels(x, y, 3)
        pixels = (seen[at : at + 3] for at in range(0, len(seen), 4))
        return any(distance(pixel, colour) < _NEAR for pixel in pixels)

    def pixel(self, x: float, y: float) -> Colour:
        """Return the canvas' colour at a point of the picture, in its pixels."""
        red, green, blue, _ = self._pixels(x, y, 0)
        return red, green, blue

    def screenshot(self) -> Image.Image:
        """Return a screenshot of the window."""
        return Image.open(io.BytesIO(self.driver.get_screenshot_as_png())).convert("RGB")

    def copied(self, panel: str) -> str:
        """Press Copy in a panel and return the clipboard's content."""
        permissions = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
        self.driver.execute_cdp_cmd("Browser.grantPermissions", permissions)
        self.button(panel).click()
        copy = self.one(f"[data-text={panel.lower()}] button")
        copy.click()
        self.until(lambda: copy.text == "Copied")
        done = "navigator.clipboard.readText().then(arguments[0])"
        return str(self.driver.execute_async_script(done))

    def complaints(self) -> list[str]:
        """Return errors and violations in the browser's console since the last call."""
        heard, self.heard = self.heard + self._entries(), []
        return [text for text in heard if DISTURBANCE not in text]

    def response(self) -> Any:
        """Return the last response, as copied."""
        return json.loads(self.copied("Response"))

    def download(self) -> Path:
        """Press Download and return the file once it is complete."""
        folder = self.downloads
        before = set(folder.iterdir())
        self.button("Download picture").click()

        def complete() -> Path | None:
            new = set(folder.iterdir()) - before
            return next((file for file in new if file.suffix == ".png"), None)

        return self.until(complete)  # type: ignore[return-value]

    def _entries(self) -> list[str]:
        return [
            entry["message"]
            for entry in self.driver.get_log("browser")  # type: ignore[no-untyped-call]
            if entry["level"] in ("SEVERE", "WARNING")
        ]

    def _pixels(self, x: float, y: float, around: int) -> list[int]:
        """Return red, green, blue, alpha of the canvas pixels at and around a point."""
        # Read from a copy: frequent reads of a canvas make the browser log warnings.
        source = """
            const canvas = document.querySelector("canvas");
            const scale = Number(canvas.dataset.scale);
            const [x, y, around] = arguments;
            const [left, top] = [x, y].map((place) => Math.round(place * scale) - around);
            const side = 2 * around + 1;
            const copy = new OffscreenCanvas(side, side).getContext("2d");
            copy.drawImage(canvas, -left, -top);
            return [...copy.getImageData(0, 0, side, side).data];
        """
        return [int(value) for value in self.script(source, x, y, around)]

    def _offset(self, x: float, y: float) -> tuple[int, int]:
        """Return the position of a point of the picture, relative to the canvas' centre."""
        across, down = self.script(
            """
            const [canvas, x, y] = arguments;
            canvas.scrollIntoView({ block: "center" });
            const { width, height } = canvas.getBoundingClientRect();
            const zoom = (width / canvas.width) * Number(canvas.dataset.scale);
            return [x * zoom - width / 2, y * zoom - height / 2];
            """,
            self.one("canvas"),
            x,
            y,
        )
        return round(across), round(down)
