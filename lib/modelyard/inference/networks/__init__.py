"""Networks that several functions share: their inputs and outputs.

This package file imports nothing, like that of `inference`.
"""
