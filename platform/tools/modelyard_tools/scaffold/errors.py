"""The scaffold's errors."""


class NetworkError(Exception):
    """The file cannot be used as a model; the text is one line that says why."""
