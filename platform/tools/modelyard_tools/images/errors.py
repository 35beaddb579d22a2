"""What ends a command of this package with one line on stderr."""


class ImageToolError(Exception):
    """The text says what was wrong, where, and what to do next."""


class NoSuchImageError(ImageToolError):
    """A registry answers, and has no such image."""
