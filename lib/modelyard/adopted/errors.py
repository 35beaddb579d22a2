"""Errors between an author's code and our classes."""


class AuthorError(Exception):
    """The author's code broke CVAT's contract; the message is one line."""
