"""Information about the dashboard itself."""

import platform

from starlette.requests import Request
from starlette.responses import Response

from modelyard_contract import nuclio
from modelyard_contract.version import VERSION
from modelyard_tools.embedded.api.requests import dashboard_of, json_response
from modelyard_tools.embedded.metrics import CONTENT_TYPE, exposition


async def versions(request: Request) -> Response:
    """GET /api/versions; `embedded` is ours: which platform this is, and which home it uses."""
    dashboard = dashboard_of(request)
    return json_response(
        {
            "dashboard": {
                "label": nuclio.VERSION,
                "gitCommit": "",
                "os": platform.system().lower(),
                "arch": {"x86_64": "amd64", "aarch64": "arm64"}.get(
                    platform.machine(), platform.machine()
                ),
            },
            "embedded": {
                "home": str(dashboard.home.root),
                "pid": dashboard.note.pid,
                "digest": dashboard.note.digest,
                "version": VERSION,
            },
        }
    )


async def metrics(request: Request) -> Response:
    """GET /metrics, for Prometheus; ours, not Nuclio's."""
    return Response(exposition(dashboard_of(request).functions), media_type=CONTENT_TYPE)


async def nothing(_: Request) -> Response:
    """GET of lists that are always empty on this platform: an empty object."""
    return json_response({})


async def namespaces(_: Request) -> Response:
    """GET /api/namespaces."""
    return json_response({"namespaces": {"names": [nuclio.DEFAULT_NAMESPACE]}})


async def external_addresses(request: Request) -> Response:
    """GET /api/external_ip_addresses: where functions can be reached."""
    address = dashboard_of(request).access.host
    return json_response({"externalIPAddresses": {"addresses": [address]}})
