"""What an experiment fails with."""


class ExperimentError(Exception):
    """The experiment cannot go on; one line says what was wrong, where, and what to do next."""


class UsageError(ExperimentError):
    """The command cannot be carried out as it was given."""
