"""Calls an author's Nuclio function with CVAT's requests."""

import base64
import importlib.util
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import cv2
import msgspec

from modelyard.adopted.errors import AuthorError
from modelyard.adopted.home import Home
from modelyard.annotation import RequestError
from modelyard.imaging import Image
from modelyard.serving.author.assets import Assets
from modelyard.serving.protocol.messages import Event
from modelyard.serving.worker.function import Function

# The package that `./pants adopt` puts the author's files into.
_AUTHOR: Final = "author"


class Author:
    """The function `module:handler`, loaded with its own `init_context`."""

    def __init__(self, handler: str, assets: Assets) -> None:
        """Import and initialise it.

        Raises:
            Exception: raised by the author's code.
        """
        # Authors' modules may read their files on import.
        self._home = Home(assets, _folder_of(handler))
        with self._home.entered():
            self._function = Function.load(handler)

    def ask(self, request: Mapping[str, Any]) -> Any:
        """Return the reply to a request, decoded.

        Raises:
            RequestError: the author's code refuses the request, with a status from 400 to 499.
            AuthorError: it fails, or its reply is not JSON.
        """
        body = msgspec.json.encode(request)
        event = Event("adopted", content_type="application/json", body=body)
        with self._home.entered():
            reply = self._function.handle(event)
        text = reply.body.decode(errors="replace")
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise AuthorError(f"the author's code answered {reply.status}; its log says why")
        if reply.status >= HTTPStatus.BAD_REQUEST:
            raise RequestError(reply.status, text)
        try:
            return msgspec.json.decode(reply.body)
        except msgspec.DecodeError as error:
            raise AuthorError(f"the author's code answered {text[:80]!r}: {error}") from None


def _folder_of(handler: str) -> Path | None:
    """Return the folder `author` that the handler's module is in; None if it is in no such one."""
    names = handler.partition(":")[0].split(".")
    if _AUTHOR not in names[:-1]:
        return None
    package = ".".join(names[: names.index(_AUTHOR) + 1])
    # Only imports what is above it: the author's own code may need the folder.
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    return Path(folders[0]) if folders else None


def image_text(image: Image) -> str:
    """Return the image as CVAT sends it: a file, here BMP, as base64 text.

    Every image library reads BMP, and no time is lost on compression.
    """
    _, file = cv2.imencode(".bmp", cv2.cvtColor(image.pixels, cv2.COLOR_RGB2BGR))
    return base64.b64encode(file.tobytes()).decode()
