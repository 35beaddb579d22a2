"""A function's code: what belongs to it, and its PEX.

Imports `function` and `common`.
"""
