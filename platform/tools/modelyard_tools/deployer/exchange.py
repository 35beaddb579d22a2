"""One HTTP request and its answer.

On `http.client`, because larger libraries take longer to load than the
deployer has when there is nothing to do.
"""

import http.client
from collections.abc import Mapping

import msgspec

from modelyard.serving.protocol import error_text

# What a request raises that got no answer.
NO_ANSWER = (OSError, http.client.HTTPException)


class Reply(msgspec.Struct, frozen=True):
    """Status and body of a response."""

    status: int
    body: bytes

    @property
    def error(self) -> str:
        """The `error` of a JSON body, or the beginning of another one."""
        return error_text(self.body)


def exchange(
    address: tuple[str, int],
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    timeout: float,
) -> Reply:
    """Send a request to `address`, host and port, and wait `timeout` seconds for each of its steps.

    Raises:
        OSError, HTTPException: there is no answer (`NO_ANSWER`).
    """
    connection = http.client.HTTPConnection(*address, timeout=timeout)
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        return Reply(response.status, response.read())
    finally:
        connection.close()
