"""Networks that several functions run: what goes into them and what comes out.

This package file imports nothing, like that of `inference`.
"""
