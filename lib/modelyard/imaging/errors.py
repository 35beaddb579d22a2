"""The error of the imaging package."""


class ImageError(Exception):
    """A file cannot be opened as an image.

    Attributes:
        status: Suitable HTTP status: 400 not an image or damaged, 413 too large.
        message: One line for the client.
    """

    def __init__(self, status: int, message: str) -> None:
        """Keep `status` and `message`; line breaks in the message become spaces."""
        self.status = status
        self.message = " ".join(message.split())
        super().__init__(status, self.message)

    def __str__(self) -> str:
        """Return the message alone."""
        return self.message
