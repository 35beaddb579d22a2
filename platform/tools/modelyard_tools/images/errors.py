"""Errors that end a command of this package."""

from modelyard_tools.errors import ToolError


class ImageToolError(ToolError):
    """An image cannot be built, read or shipped."""


class NoSuchImageError(ImageToolError):
    """The registry answers, but does not have the image."""
