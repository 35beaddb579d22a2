"""Container images of functions, assembled from layers without an engine.

Imports `nuclio`, `assets`, `sources`, `function` and `common`.
"""
