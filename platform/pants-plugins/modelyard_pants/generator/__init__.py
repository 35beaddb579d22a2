"""Generates the targets of the other packages from a `model_function` with usable settings.

Imports `deploy`, `image`, `release`, `nuclio`, `assets`, `sources`, `function` and `common`.
"""
