"""Functions of every kind in CVAT's tree, to be adopted."""
