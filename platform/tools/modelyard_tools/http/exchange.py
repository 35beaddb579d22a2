"""One HTTP request and its answer.

Based on `http.client`, because larger libraries take longer to load than a run with
nothing to do should take.
"""

import http.client
import json
from collections.abc import Mapping
from typing import Any

import msgspec

from modelyard.serving.protocol.messages import error_text

# What a request without an answer raises.
NO_ANSWER = (OSError, http.client.HTTPException)


class Reply(msgspec.Struct, frozen=True):
    """Status, body and headers, by their names in lower case, of a response."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}

    @property
    def error(self) -> str:
        """The `error` of a JSON body, or the beginning of any other."""
        return error_text(self.body)

    @property
    def json(self) -> Any:
        """The body, decoded.

        Raises:
            ValueError: it is not JSON.
        """
        return json.loads(self.body)


def exchange(
    address: tuple[str, int],
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    timeout: float,
) -> Reply:
    """Send a request to `address` (host and port); `timeout` seconds apply to each of its steps.

    Raises:
        OSError, HTTPException: there is no answer (`NO_ANSWER`).
    """
    connection = http.client.HTTPConnection(*address, timeout=timeout)
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, response.read(), names)
    finally:
        connection.close()
