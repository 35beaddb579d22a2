"""The console: one page to see the functions and try them, served next to the API."""

from modelyard_tools.console.pages import console_routes

__all__ = ["console_routes"]
