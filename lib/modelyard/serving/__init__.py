"""From a model class to a function that answers CVAT.

`author` is what the author of a function imports, `worker` runs the model in a process of its own,
`server` accepts requests in front of the workers, and `protocol` is what worker and server share.
"""
