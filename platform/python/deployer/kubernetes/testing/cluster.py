"""An API server with Nuclio's objects and a controller, as far as kubectl and Nuclio show it.

kubectl itself is the real one. The server answers discovery, lists, deletes and server-side
applies, refuses what the definition of the objects or a policy refuses, and has a controller that
turns what waits into what is ready, or into an error where the image is called broken.
"""

import http.server
import json
import threading
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, urlsplit

import jsonschema
import msgspec

from deployer.kubernetes.testing.crd import DEFINITION

_GROUP: Final = "nuclio.io"
_KINDS: Final = {"nucliofunctions": "NuclioFunction", "nuclioprojects": "NuclioProject"}
_APIS: Final = f"/apis/{_GROUP}/v1beta1"
_WAITING: Final = "waitingForResourceConfiguration"
BROKEN: Final = "broken"


class Cluster:
    """The server on a loopback port, with the objects it has and the requests it was sent.

    What has one of the names `forbidden` is refused, as by an admission policy.
    """

    def __init__(self) -> None:
        """Start it."""
        self.objects: dict[tuple[str, str], dict[str, Any]] = {}
        self.requests: list[str] = []
        self.invoked: list[Any] = []
        self.forbidden: set[str] = set()
        handler = type("Bound", (_Handler,), {"cluster": self})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def write_kubeconfig(self, path: Path) -> None:
        """Write what kubectl finds this server by."""
        server = {"server": f"http://127.0.0.1:{self._server.server_port}"}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": server}],
            "users": [{"name": "test", "user": {}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        }
        path.write_bytes(msgspec.yaml.encode(config))

    def function(self, name: str) -> dict[str, Any]:
        """Return a function as it is now."""
        return self.objects["nucliofunctions", name]

    def stop(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()

    def apply(self, plural: str, name: str, item: dict[str, Any], *, dry_run: bool) -> str:
        """Take an object; return why it is refused, or nothing."""
        try:
            jsonschema.validate(item, DEFINITION)
        except jsonschema.ValidationError as error:
            return f"{'.'.join(map(str, error.path))}: {error.message}"
        if name in self.forbidden:
            return "a policy of the cluster forbids it"
        if item["metadata"]["name"] != name:
            return "the name of the object does not match the name on the URL"
        if not dry_run:
            self.objects[plural, name] = item
            self._control(item)
        return ""

    def _control(self, item: dict[str, Any]) -> None:
        """Do as Nuclio's controller does with a function that waits."""
        if (item.get("status") or {}).get("state") != _WAITING:
            return
        if BROKEN in item["spec"]["image"]:
            message = "Traceback (most recent call last):\nModuleNotFoundError: No module named 'x'"
            item["status"] = {"state": "error", "message": message}
            return
        url = f"nuclio-{item['metadata']['name']}.nuclio.svc.cluster.local:8080"
        item["status"] = {"state": "ready", "internalInvocationUrls": [url]}


class _Handler(http.server.BaseHTTPRequestHandler):
    cluster: ClassVar[Cluster]

    def do_GET(self) -> None:
        path = self._path()
        found = _discovery().get(path)
        if found is not None:
            return self._send(200, found)
        plural, _, name = path.removeprefix(f"{_APIS}/namespaces/nuclio/").partition("/")
        if plural not in _KINDS:
            return self._refuse(404, "NotFound", f"the server could not find {path}")
        items = [item for (kind, _), item in self.cluster.objects.items() if kind == plural]
        if not name:
            kind = f"{_KINDS[plural]}List"
            return self._send(
                200,
                {"apiVersion": f"{_GROUP}/v1beta1", "kind": kind, "metadata": {}, "items": items},
            )
        one = self.cluster.objects.get((plural, name))
        return self._send(200, one) if one else self._refuse(404, "NotFound", f"{name} not found")

    def do_PATCH(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        *_, plural, name = self._path().split("/")
        item = msgspec.yaml.decode(self._body())
        refused = self.cluster.apply(plural, name, item, dry_run="dryRun" in query)
        if refused:
            kind = _KINDS[plural]
            return self._refuse(422, "Invalid", f'{kind}.{_GROUP} "{name}" is invalid: {refused}')
        return self._send(200, item)

    def do_DELETE(self) -> None:
        *_, plural, name = self._path().split("/")
        self._body()
        if self.cluster.objects.pop((plural, name), None) is None:
            return self._refuse(404, "NotFound", f"{name} not found")
        return self._send(200, {"kind": "Status", "apiVersion": "v1", "status": "Success"})

    def do_POST(self) -> None:
        path = self._path()
        self.cluster.invoked.append(json.loads(self._body()))
        return self._send(200, [{"asked": path}])

    def _path(self) -> str:
        self.cluster.requests.append(f"{self.command} {self.path}")
        return urlsplit(self.path).path.rstrip("/")

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _refuse(self, status: int, reason: str, message: str) -> None:
        body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status}
        self._send(status, {**body, "reason": reason, "message": message})

    def _send(self, status: int, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _discovery() -> dict[str, Any]:
    """Return what kubectl asks before it asks for anything else."""
    version = {"groupVersion": f"{_GROUP}/v1beta1", "version": "v1beta1"}
    verbs = ["create", "delete", "get", "list", "patch", "update"]
    resources = [
        {
            "name": plural,
            "singularName": kind.lower(),
            "namespaced": True,
            "kind": kind,
            "verbs": verbs,
        }
        for plural, kind in _KINDS.items()
    ]
    group = {"name": _GROUP, "versions": [version], "preferredVersion": version}
    lists = {"apiVersion": "v1", "kind": "APIResourceList"}
    return {
        "/version": {"major": "1", "minor": "32", "gitVersion": "v1.32.0"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/api/v1": {**lists, "groupVersion": "v1", "resources": []},
        "/apis": {"apiVersion": "v1", "kind": "APIGroupList", "groups": [group]},
        _APIS: {**lists, "groupVersion": f"{_GROUP}/v1beta1", "resources": resources},
    }
