"""Nuclio's dashboard API, as CVAT and Nuclio's clients use it (release 1.13).

The paths, headers and status codes are Nuclio's. Our additions are marked.
"""

from modelyard_tools.embedded.api.app import dashboard_app

__all__ = ["dashboard_app"]
