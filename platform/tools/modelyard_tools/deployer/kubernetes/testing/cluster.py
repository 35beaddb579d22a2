"""An API server with Nuclio's objects and a controller, as seen by kubectl and Nuclio.

kubectl itself is real. The server answers discovery, lists, deletes and server-side applies,
refuses what the objects' definition or a policy refuses, and has a controller that makes
waiting functions ready, or fails those that contain the word broken.
"""

import http.server
import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, urlsplit

import jsonschema
import msgspec

from modelyard_tools.deployer.kubernetes.testing import openapi
from modelyard_tools.deployer.kubernetes.testing.crd import DEFINITION

_GROUP: Final = "nuclio.io"
_KINDS: Final = {"nucliofunctions": "NuclioFunction", "nuclioprojects": "NuclioProject"}
_VERSION: Final = "v1beta1"
_APIS: Final = f"/apis/{_GROUP}/{_VERSION}"
_WAITING: Final = "waitingForResourceConfiguration"
BROKEN: Final = "broken"


class Cluster:
    """The server on a loopback port, with its objects and the requests it received.

    Objects whose name is in `forbidden` are refused, as by an admission policy. Without `nuclio`
    it does not know Nuclio's objects. `answer` is the status that functions answer with.
    """

    def __init__(self) -> None:
        """Start the server."""
        self.objects: dict[tuple[str, str], dict[str, Any]] = {}
        self.requests: list[str] = []
        self.invoked: list[Any] = []
        self.answer = 200
        self.forbidden: set[str] = set()
        self.nuclio = True
        handler = type("Bound", (_Handler,), {"cluster": self})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def write_kubeconfig(self, path: Path) -> None:
        """Write the kubeconfig by which kubectl finds this server."""
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
        """Return the current state of a function."""
        return self.objects["nucliofunctions", name]

    def stop(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()

    def apply(
        self, plural: str, name: str, item: dict[str, Any], *, dry_run: bool
    ) -> tuple[int, str, str] | None:
        """Apply an object; return the status, reason and message if it is refused."""
        try:
            jsonschema.validate(item, DEFINITION)
        except jsonschema.ValidationError as error:
            where = "".join(f".{part}" for part in error.path)
            return 500, "", f"failed to create typed patch object: {where}: {error.message}"
        if name in self.forbidden:
            why = "a policy of the cluster forbids it"
            return 403, "Forbidden", f'{plural}.{_GROUP} "{name}" is forbidden: {why}'
        named = item["metadata"]["name"]
        if named != name:
            why = f"the name of the object ({named}) does not match the name on the URL ({name})"
            return 400, "BadRequest", why
        if not dry_run:
            self.objects[plural, name] = item
            if waits(item):
                item["status"] = controlled(item)
        return None


def waits(item: Mapping[str, Any]) -> bool:
    """Whether Nuclio's controller would handle an object."""
    return (item.get("status") or {}).get("state") == _WAITING


def controlled(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the status that Nuclio's controller gives a waiting function."""
    if BROKEN in str(item["spec"]):
        message = "Traceback (most recent call last):\nModuleNotFoundError: No module named 'x'"
        return {"state": "error", "message": message}
    url = f"nuclio-{item['metadata']['name']}.nuclio.svc.cluster.local:8080"
    return {"state": "ready", "internalInvocationUrls": [url]}


class _Handler(http.server.BaseHTTPRequestHandler):
    cluster: ClassVar[Cluster]

    def do_GET(self) -> None:
        path = self._path()
        found = _discovery(nuclio=self.cluster.nuclio).get(path)
        if found is not None:
            return self._send(200, found)
        if path == openapi.PATH:
            described = openapi.document(_KINDS, _GROUP, _VERSION)
            return self._reply(200, openapi.CONTENT, described)
        plural, _, name = path.removeprefix(f"{_APIS}/namespaces/nuclio/").partition("/")
        if plural not in _KINDS:
            return self._refuse(404, "NotFound", f"the server could not find {path}")
        items = [item for (kind, _), item in self.cluster.objects.items() if kind == plural]
        if not name:
            kind = f"{_KINDS[plural]}List"
            return self._send(
                200,
                {
                    "apiVersion": f"{_GROUP}/{_VERSION}",
                    "kind": kind,
                    "metadata": {},
                    "items": items,
                },
            )
        one = self.cluster.objects.get((plural, name))
        return self._send(200, one) if one else self._lack(name, plural)

    def do_PATCH(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        *_, plural, name = self._path().split("/")
        item = msgspec.yaml.decode(self._body())
        refused = self.cluster.apply(plural, name, item, dry_run="dryRun" in query)
        if refused:
            return self._refuse(*refused, name, plural)
        return self._send(200, item)

    def do_DELETE(self) -> None:
        *_, plural, name = self._path().split("/")
        self._body()
        if self.cluster.objects.pop((plural, name), None) is None:
            return self._lack(name, plural)
        return self._send(200, {"kind": "Status", "apiVersion": "v1", "status": "Success"})

    def do_POST(self) -> None:
        path = self._path()
        self.cluster.invoked.append(json.loads(self._body()))
        return self._send(self.cluster.answer, [{"asked": path}])

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

    def _lack(self, name: str, plural: str) -> None:
        self._refuse(404, "NotFound", f'{plural}.{_GROUP} "{name}" not found', name, plural)

    def _refuse(
        self, status: int, reason: str, message: str, name: str = "", plural: str = ""
    ) -> None:
        body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status}
        details = {"reason": reason} if reason else {}
        about = {"details": {"name": name, "group": _GROUP, "kind": plural}} if name else {}
        self._send(status, {**body, **details, **about, "message": message})

    def _send(self, status: int, content: Any) -> None:
        self._reply(status, "application/json", json.dumps(content).encode())

    def _reply(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


def _discovery(*, nuclio: bool) -> dict[str, Any]:
    """Return what kubectl requests before anything else."""
    version = {"groupVersion": f"{_GROUP}/{_VERSION}", "version": _VERSION}
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
    own = {**lists, "groupVersion": f"{_GROUP}/{_VERSION}", "resources": resources}
    groups = [group] if nuclio else []
    return {
        "/version": {"major": "1", "minor": "32", "gitVersion": "v1.32.0"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/api/v1": {**lists, "groupVersion": "v1", "resources": []},
        "/apis": {"apiVersion": "v1", "kind": "APIGroupList", "groups": groups},
        **({_APIS: own} if nuclio else {}),
    }
