"""A variant of a function as the deployer reads it, with one digest; bundles of many.

Imports `nuclio`, `assets`, `sources`, `function` and `common`.
"""
