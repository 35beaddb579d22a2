"""Fetches model files and converts foreign formats into OpenVINO's.

`sources` obtains pinned files, `conversion` converts them, `pins` records digests in BUILD files.
"""
