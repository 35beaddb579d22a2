"""What an author writes: the fields of `model_function`, its labels and variants, and its spec.

A field is validated when its BUILD file is parsed. Every error names the target, the field, the
value and what is accepted, in one line: in CVAT one bad function takes the whole model list down,
so nothing wrong may get as far as a deployment.

Imports `common`: what is made of a function knows the function, never the reverse.
"""
