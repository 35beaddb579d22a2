"""A variant of a function as the deployer takes it, with one digest; and many in one bundle.

Imports `nuclio`, `assets`, `sources`, `function` and `common`.
"""
