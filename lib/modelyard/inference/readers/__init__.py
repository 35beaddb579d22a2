"""Read from a network's file how to feed it and what its outputs mean.

A reader for each kind of source, asked in the order of `reading.py`: what the file states, then the
names of its inputs and outputs, then their shapes together with a run on a few pictures.
"""
