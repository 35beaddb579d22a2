"""The one error of this package."""


class WeightsError(Exception):
    """Weights cannot be had or used; the text says what, where from, why, and what to do."""
