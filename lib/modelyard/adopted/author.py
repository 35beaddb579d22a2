"""Calls an author's Nuclio function with CVAT's requests."""

import base64
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import cv2
import msgspec

from modelyard.adopted.errors import AuthorError
from modelyard.adopted.home import Home
from modelyard.annotation import RequestError
from modelyard.imaging import Image
from modelyard.serving.author.assets import Assets
from modelyard.serving.protocol.messages import Event
from modelyard.serving.worker.function import Function


class Author:
    """The function `module:handler`, loaded with its own `init_context`."""

    def __init__(self, handler: str, assets: Assets) -> None:
        """Import and initialise it.

        Raises:
            Exception: raised by the author's code.
        """
        # Authors' modules may read their files on import.
        self._home = Home(assets)
        self._function = Function.load(handler)

    def ask(self, request: Mapping[str, Any]) -> Any:
        """Return the reply to a request, decoded.

        Raises:
            RequestError: the author's code refuses the request, with a status from 400 to 499.
            AuthorError: it fails, or its reply is not JSON.
        """
        body = msgspec.json.encode(request)
        reply = self._function.handle(Event("adopted", content_type="application/json", body=body))
        text = reply.body.decode(errors="replace")
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise AuthorError(f"the author's code answered {reply.status}; its log says why")
        if reply.status >= HTTPStatus.BAD_REQUEST:
            raise RequestError(reply.status, text)
        try:
            return msgspec.json.decode(reply.body)
        except msgspec.DecodeError as error:
            raise AuthorError(f"the author's code answered {text[:80]!r}: {error}") from None


def image_text(image: Image) -> str:
    """Return the image as CVAT sends it: a file, here BMP, as base64 text.

    Every image library reads BMP, and no time is lost on compression.
    """
    _, file = cv2.imencode(".bmp", cv2.cvtColor(image.pixels, cv2.COLOR_RGB2BGR))
    return base64.b64encode(file.tobytes()).decode()
