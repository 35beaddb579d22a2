"""Errors of experiments."""


class ExperimentError(Exception):
    """The experiment cannot continue; one line says what was wrong, where and what to do next."""


class UsageError(ExperimentError):
    """The command was used incorrectly."""
