"""`model_function` becomes the targets of the other rooms, if its settings are usable.

Imports `deploy`, `image`, `release`, `nuclio`, `assets`, `sources`, `function` and `common`.
"""
