"""Headless Chromium, as packaged by Debian, with all its network access turned off."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

REQUIRED: Final = "MODELYARD_REQUIRE_CHROMIUM"
"""Set to 1 to make the tests fail rather than be skipped without a browser."""

DOWNLOADS: Final = "downloads"
REBOUND: Final = "rebound.example.org"
"""A foreign name that resolves to this machine, as in DNS rebinding."""

_FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--hide-scrollbars",
    # One foreign name resolves to this machine; all others do not resolve.
    f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--force-device-scale-factor=1",
)
_PATIENCE: Final = 60


class Browser:
    """The two required programs, if installed."""

    def __init__(self) -> None:
        path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/bin:/usr/bin:/bin"))
        names = ("chromium", "chromium-browser", "google-chrome")
        found = (shutil.which(name, path=path) for name in names)
        self.program = next((program for program in found if program), None)
        self.driver = shutil.which("chromedriver", path=path)

    @property
    def missing(self) -> str:
        """The missing programs; empty if all are installed."""
        lacking = [
            package
            for package, program in (
                ("chromium", self.program),
                ("chromium-driver", self.driver),
            )
            if program is None
        ]
        return " and ".join(lacking)

    @contextmanager
    def start(self, folder: Path) -> Iterator[webdriver.Chrome]:
        """Run a browser with profile and downloads in `folder`, until the end of the block."""
        downloads = folder / DOWNLOADS
        downloads.mkdir(parents=True, exist_ok=True)
        options = Options()
        options.binary_location = self.program or ""
        for flag in (*_FLAGS, f"--user-data-dir={folder / 'profile'}"):
            options.add_argument(flag)
        options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        # Chromium needs a writable home, which a build sandbox may lack.
        environment = {**os.environ, "HOME": str(folder)}
        driver = webdriver.Chrome(options, Service(self.driver, env=environment))
        try:
            driver.set_page_load_timeout(_PATIENCE)
            driver.set_script_timeout(_PATIENCE)
            yield driver
        finally:
            driver.quit()
