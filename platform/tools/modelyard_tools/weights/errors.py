"""The one error of this package."""


class WeightsError(Exception):
    """Weights cannot be fetched or used; the text says what, from where, why and what to do."""
