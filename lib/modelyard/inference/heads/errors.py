"""What can be wrong with a network that somebody brings."""


class HeadError(Exception):
    """The head, its options or the labels do not fit the network; the text says what does."""
