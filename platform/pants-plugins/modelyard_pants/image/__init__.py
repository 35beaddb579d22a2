"""Container images of functions, put together from layers without an engine.

Imports `nuclio`, `assets`, `sources`, `function` and `common`.
"""
