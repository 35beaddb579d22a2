"""`/api/projects`."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from modelyard_contract import headers
from modelyard_contract.nuclio import DEFAULT_PROJECT
from modelyard_tools.embedded.api.errors import ApiError
from modelyard_tools.embedded.api.requests import dashboard_of, json_response, read_json
from modelyard_tools.embedded.functions import PreconditionError
from modelyard_tools.embedded.projects import Project


async def list_all(request: Request) -> Response:
    """GET /api/projects: an object keyed by name; `x-nuclio-project-name` picks one."""
    projects = dashboard_of(request).projects.all()
    wanted = request.headers.get(headers.PROJECT_NAME)
    if wanted:
        projects = {name: project for name, project in projects.items() if name == wanted}
    return json_response(projects)


async def get(request: Request) -> Response:
    """GET /api/projects/<name>."""
    name = request.path_params["name"]
    project = dashboard_of(request).projects.get(name)
    if project is None:
        raise ApiError(HTTPStatus.NOT_FOUND, f"Project not found: {name}")
    return json_response(project)


async def put(request: Request) -> Response:
    """POST or PUT /api/projects: create (201) or replace (204)."""
    project = await read_json(request, Project)
    dashboard_of(request).projects.put(project)
    if request.method == "PUT":
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return json_response(project, HTTPStatus.CREATED)


async def delete(request: Request) -> Response:
    """DELETE /api/projects: 204; 412 if it has functions, unless the strategy is cascading."""
    name = (await read_json(request, Project)).metadata.name
    if name == DEFAULT_PROJECT:
        raise PreconditionError("Cannot delete the default project")
    dashboard = dashboard_of(request)
    functions = dashboard.functions.in_project(name)
    cascading = request.headers.get("x-nuclio-delete-project-strategy") == "cascading"
    if functions and not cascading:
        raise PreconditionError("Project contains functions")
    for function in functions:
        await dashboard.functions.delete(function.config.name, force=True)
    dashboard.projects.delete(name)
    return Response(status_code=HTTPStatus.NO_CONTENT)
