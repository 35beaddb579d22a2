"""What goes wrong between an author's code and our classes."""


class AuthorError(Exception):
    """The author's code did not do what CVAT's contract says; the text is one line."""
