"""What an author writes: the fields of `model_function`, its labels and variants, and its spec.

A field is validated when its BUILD file is parsed. Every error names the target, the field, the
value and what is accepted, in one line: a single bad function breaks CVAT's whole model list, so no
error may get as far as a deployment.

Imports `common`: packages that build something from a function import this one, never the reverse.
"""
