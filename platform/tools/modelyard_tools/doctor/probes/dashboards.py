"""What dashboards report of themselves and their functions, and whether it is true."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from urllib.parse import urlsplit

from modelyard_contract import headers as nuclio_headers
from modelyard_contract.nuclio import DEFAULT_NAMESPACE
from modelyard_tools.doctor.facts import Dashboard, Function
from modelyard_tools.http.exchange import NO_ANSWER, exchange

_SECONDS: Final = 5.0
_HTTP: Final = 80
_NAMESPACE: Final = {nuclio_headers.FUNCTION_NAMESPACE: DEFAULT_NAMESPACE}


def dashboard(url: str) -> Dashboard | None:
    """Return the dashboard at a URL such as http://127.0.0.1:8070; None if none answers."""
    versions = _get(url, "/api/versions")
    if not isinstance(versions, dict) or "dashboard" not in versions:
        return None
    listed = _get(url, "/api/functions")
    entries = listed.items() if isinstance(listed, dict) else ()
    host = urlsplit(url).hostname or "127.0.0.1"
    with ThreadPoolExecutor(16) as pool:
        functions = tuple(pool.map(lambda item: _function(item[0], item[1], host), entries))
    return Dashboard(
        url=url,
        home=str((versions.get("embedded") or {}).get("home", "")),
        version=str(versions["dashboard"].get("label", "")),
        functions=functions,
    )


def _function(name: str, entry: dict[str, Any], host: str) -> Function:
    status = entry.get("status") or {}
    port = status.get("httpPort") or None
    config = {key: entry.get(key) for key in ("metadata", "spec")}
    return Function(
        name=name,
        state=str(status.get("state", "")),
        message=str(status.get("message") or ""),
        port=port,
        size=len(json.dumps(config, ensure_ascii=False, separators=(",", ":")).encode()),
        answers=takes_connections(host, port) if port else None,
        restarts=int((status.get("workers") or {}).get("restarts", 0)),
    )


def takes_connections(host: str, port: int) -> bool:
    """Return whether something listens there."""
    try:
        with socket.create_connection((host, port), timeout=_SECONDS):
            return True
    except OSError:
        return False


def _get(url: str, path: str) -> Any:
    """Return the JSON at a path; None if there is none."""
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or _HTTP)
    try:
        return json.loads(exchange(address, "GET", path, headers=_NAMESPACE, timeout=_SECONDS).body)
    except (*NO_ANSWER, ValueError):
        return None
