"""Gets the files that models are made of, and turns foreign formats into ones we run.

`python -m modelyard_tools.weights.fetch` obtains one pinned file (or members of one pinned archive)
into a folder, `python -m modelyard_tools.weights.convert` turns downloaded models into OpenVINO IR.
"""
