"""The files that Nuclio reads: three YAML files, and the classic form as a folder.

Imports `assets`, `sources`, `function` and `common`.
"""
