"""A registry on a loopback port that resolves tags to digests."""

import hashlib
import http.server
import json
import threading
from typing import Any, ClassVar, Final

_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"


class Registry:
    """The server. `images` maps names with tags to contents."""

    def __init__(self) -> None:
        """Start the server."""
        self.images: dict[str, str] = {}
        handler = type("Bound", (_Handler,), {"registry": self})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.host = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def digest(self, content: str) -> str:
        """Return the digest of an image with this content."""
        return _digest(_manifest(content))

    def stop(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()


def _config(content: str) -> bytes:
    return json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": []},
            "config": {"Labels": {"content": content}},
        }
    ).encode()


def _manifest(content: str) -> bytes:
    config = _config(content)
    described = {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "digest": _digest(config),
        "size": len(config),
    }
    return json.dumps(
        {"schemaVersion": 2, "mediaType": _MANIFEST, "config": described, "layers": []}
    ).encode()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class _Handler(http.server.BaseHTTPRequestHandler):
    registry: ClassVar[Registry]

    def do_GET(self) -> None:
        *_, name, kind, asked = ["", "", *self.path.strip("/").split("/")]
        if self.path.rstrip("/") == "/v2":
            return self._send(200, b"{}", "application/json")
        if kind == "manifests" and (content := self.registry.images.get(f"{name}:{asked}")):
            return self._send(200, _manifest(content), _MANIFEST)
        configs = map(_config, self.registry.images.values())
        found = next((each for each in configs if _digest(each) == asked), None)
        if kind == "blobs" and found is not None:
            return self._send(200, found, "application/octet-stream")
        error: dict[str, Any] = {"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}
        return self._send(404, json.dumps({"errors": [error]}).encode(), "application/json")

    do_HEAD = do_GET  # noqa: N815

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.send_header("docker-content-digest", _digest(body))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""
