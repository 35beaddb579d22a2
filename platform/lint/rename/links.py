"""Relative links of pages that move, or that lead to what moves."""

import os
import re
from pathlib import PurePosixPath

from layout import moved

_LINK = re.compile(r"(?<=\]\()(?P<path>[^)#\s:]+)(?=[)#])")


def relinked(text: str, page: str) -> str:
    """Return a page, of the old path `page`, with the relative links of its new place."""
    old, new = PurePosixPath(page).parent, PurePosixPath(moved(page)).parent

    def link(match: re.Match[str]) -> str:
        target = os.path.normpath(old / match["path"])
        # What left the repository is no file of it.
        if target.startswith(".."):
            return match[0]
        slash = "/" if match["path"].endswith("/") else ""
        return os.path.relpath(moved(target), new) + slash

    return _LINK.sub(link, text)
