"""The routes of the API, and their middleware."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from modelyard_tools.console import console_routes
from modelyard_tools.embedded.api import about, console, functions, invocations, logs, projects
from modelyard_tools.embedded.api.errors import HANDLERS
from modelyard_tools.embedded.api.origin import SameOrigin
from modelyard_tools.embedded.dashboard import Dashboard

_ANY = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]


def dashboard_app(dashboard: Dashboard) -> Starlette:
    """Return the ASGI application of the dashboard."""
    app = Starlette(
        routes=[
            Route("/api/functions", functions.list_all, methods=["GET"]),
            Route("/api/functions", functions.create, methods=["POST"]),
            Route("/api/functions", functions.delete, methods=["DELETE"]),
            Route("/api/functions/{name}", functions.get, methods=["GET"]),
            Route("/api/functions/{name}", functions.update, methods=["PUT"]),
            Route("/api/functions/{name}", functions.redeploy, methods=["PATCH"]),
            Route("/api/functions/{name}/replicas", logs.replicas, methods=["GET"]),
            Route("/api/functions/{name}/logs/{replica}", logs.stream, methods=["GET"]),
            Route("/api/function_invocations", invocations.invoke, methods=_ANY),
            Route("/api/function_invocations/{rest:path}", invocations.invoke, methods=_ANY),
            Route("/api/projects", projects.list_all, methods=["GET"]),
            Route("/api/projects", projects.put, methods=["POST"]),
            Route("/api/projects", projects.put, methods=["PUT"]),
            Route("/api/projects", projects.delete, methods=["DELETE"]),
            Route("/api/projects/{name}", projects.get, methods=["GET"]),
            Route("/api/projects/{name}", projects.put, methods=["PUT"]),
            Route("/console/api/functions", console.list_all, methods=["GET"]),
            Route("/console/api/functions/{name}", console.get, methods=["GET"]),
            Route("/console/api/functions/{name}/logs", console.logs, methods=["GET"]),
            Route("/api/versions", about.versions, methods=["GET"]),
            Route("/api/function_events", about.nothing, methods=["GET"]),
            Route("/api/function_templates", about.nothing, methods=["GET"]),
            Route("/api/api_gateways", about.nothing, methods=["GET"]),
            Route("/metrics", about.metrics, methods=["GET"]),
            Route("/api/namespaces", about.namespaces, methods=["GET"]),
            Route("/api/external_ip_addresses", about.external_addresses, methods=["GET"]),
            *console_routes(),
        ],
        middleware=[Middleware(SameOrigin)],
        exception_handlers=HANDLERS,
    )
    app.state.dashboard = dashboard
    return app
