"""Errors about the networks that authors bring."""


class HeadError(Exception):
    """The head, its options or the labels do not fit the network; the message says what would."""
