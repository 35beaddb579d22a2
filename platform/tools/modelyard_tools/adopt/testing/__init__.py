"""Functions of every kind that CVAT has, to be adopted."""
