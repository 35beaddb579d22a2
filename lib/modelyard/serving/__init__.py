"""Turns a model class into a function that CVAT can call.

Authors of functions import `author`; `worker` runs the model in a separate process; `server`
accepts requests for the workers; worker and server share `protocol`.
"""
