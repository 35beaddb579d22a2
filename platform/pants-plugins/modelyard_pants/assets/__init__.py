"""What a function has besides code: labels, params and weights, in one folder.

Imports `weights`, `function` and `common`.
"""
