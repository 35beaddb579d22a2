"""In-process calls of a function as CVAT makes them."""

import base64
import io
import json
from typing import Any

import PIL.Image
import pytest

from modelyard.imaging import Image
from modelyard.serving.author.assets import Assets
from modelyard.serving.protocol.messages import Event, Reply
from modelyard.serving.worker.function import Function
from modelyard_contract import variables
from modelyard_contract.nuclio import DEFAULT_HANDLER


class Asker:
    """A function as a worker loads it."""

    def __init__(self, assets: Assets) -> None:
        """Load the function of these assets."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(variables.ASSETS, str(assets.path))
            self._function = Function.load(DEFAULT_HANDLER)

    def ask(self, **fields: Any) -> Reply:
        """Send a request with these fields: Image as PNG file, bytes as file, both in base64."""
        body = json.dumps({name: _plain(value) for name, value in fields.items()}).encode()
        return self._function.handle(Event("test", content_type="application/json", body=body))

    def answer(self, **fields: Any) -> Any:
        """Do the same and return the decoded answer, which must not be an error."""
        reply = self.ask(**fields)
        if (reply.status, reply.content_type) != (200, "application/json"):
            pytest.fail(f"{reply.status} {reply.content_type}: {reply.body!r}")
        return json.loads(reply.body)


def _plain(value: Any) -> Any:
    match value:
        case Image():
            file = io.BytesIO()
            PIL.Image.fromarray(value.pixels).save(file, "PNG")
            return _plain(file.getvalue())
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return value
