"""What Nuclio reads of a function: its three YAML files, and the classic form as a folder.

Imports `assets`, `sources`, `function` and `common`.
"""
