"""From a model class to a function that answers CVAT.

This package file imports nothing, so that each module stands on its own: the
pool and the HTTP side run without numpy, the worker side without a web server.
"""
