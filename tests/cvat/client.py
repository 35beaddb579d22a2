"""The requests that a CVAT server sends, exact to the byte where contracts depend on it.

It uses the same library as CVAT, so headers and bodies are formatted as CVAT's.
"""

from typing import Any, Final, Literal

import requests

from cvat.metadata import LambdaFunction

Mode = Literal["dashboard", "direct"]
_PROJECT: Final = "cvat"
_NAMESPACE: Final = "nuclio"
_TIMEOUT: Final = 120


class CvatServer:
    """CVAT's server side of automatic annotation.

    `host` is CVAT's name for the machine: it becomes the `Host` header, which is
    `host.docker.internal` or `nuclio` for a CVAT in containers.
    """

    def __init__(self, port: int, mode: Mode, host: str = "localhost") -> None:
        self._dashboard = f"http://localhost:{port}"
        self._mode = mode
        self._host = host
        self._port = port

    def functions(self) -> dict[str, LambdaFunction]:
        """List the models; one that CVAT cannot read fails the whole list."""
        listed = self._get("/api/functions")
        return {name: LambdaFunction.parse(data) for name, data in listed.items()}

    def function(self, function_id: str) -> LambdaFunction:
        """Read one model, as CVAT does before each interactive call."""
        return LambdaFunction.parse(self._get(f"/api/functions/{function_id}"))

    def invoke(self, function: LambdaFunction, payload: dict[str, Any]) -> Any:
        """Call the function and return the decoded reply.

        Raises:
            requests.HTTPError: the status is not 2xx; CVAT passes it on.
            requests.JSONDecodeError: the reply is not JSON, which is a 500 in CVAT.
        """
        return _decoded(self.post(function, payload))

    def post(self, function: LambdaFunction, payload: dict[str, Any]) -> requests.Response:
        """Call the function and return the response, whatever its status."""
        if self._mode == "direct":
            # Here CVAT sends neither custom headers nor a path.
            url = f"http://localhost:{function.port}"
            host = {"Host": f"{self._host}:{function.port}"}
            return requests.post(url, json=payload, headers=host, timeout=_TIMEOUT)
        headers = {
            **self._headers(),
            "x-nuclio-function-name": function.id,
            "x-nuclio-path": "/",
        }
        url = f"{self._dashboard}/api/function_invocations"
        return requests.post(url, json=payload, headers=headers, timeout=_TIMEOUT)

    def _get(self, path: str) -> Any:
        url = f"{self._dashboard}{path}"
        return _decoded(requests.get(url, headers=self._headers(), timeout=_TIMEOUT))

    def _headers(self) -> dict[str, str]:
        return {
            "x-nuclio-project-name": _PROJECT,
            "x-nuclio-function-namespace": _NAMESPACE,
            "x-nuclio-invoke-via": "domain-name",
            "X-Nuclio-Invoke-Timeout": f"{_TIMEOUT}s",
            "Host": f"{self._host}:{self._port}",
        }


def _decoded(response: requests.Response) -> Any:
    response.raise_for_status()
    return response.json()
