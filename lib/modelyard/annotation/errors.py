"""The errors of the annotation package.

There are two kinds, by who is at fault. `RequestError` is the client's fault and becomes an
HTTP reply. `AnnotationError` is the author's: an undeclared label, an impossible shape. It
must appear in the log, never as an empty result.
"""


class RequestError(Exception):
    """A request that the function cannot answer.

    Attributes:
        status: HTTP status of the reply: 400 malformed, 413 too large, 415 an
            unsupported image format, 422 valid but nothing was found.
        message: One line for the client: what was wrong, in which field, what is accepted.
    """

    def __init__(self, status: int, message: str) -> None:
        """Keep `status` and `message`; line breaks in the message become spaces."""
        self.status = status
        self.message = " ".join(message.split())
        super().__init__(status, self.message)

    def __str__(self) -> str:
        """Return only the message: the status is sent in the HTTP status line."""
        return self.message


class AnnotationError(ValueError):
    """A result or a label set that breaks CVAT's contract: a bug in the function."""


class ShapeError(AnnotationError):
    """A shape with too few points, a wrong size, or numbers that are not finite."""


class LabelError(AnnotationError):
    """A label that the function does not declare, or one that its network cannot report."""
