"""A function's data: labels, params and weights, in one folder.

Imports `weights`, `function` and `common`.
"""
