"""The error that ends an adoption."""


class AdoptError(Exception):
    """The folder cannot be adopted; the text says what is wrong, where, and what to do next."""
