"""Errors that end a command with one line on standard error."""


class ToolError(Exception):
    """Something outside the program is wrong; the text says what, where, and what to do next."""
