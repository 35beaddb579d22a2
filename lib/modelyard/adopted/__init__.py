"""Runs functions written for CVAT's own `serverless` folder, unmodified, behind our classes.

`./pants adopt` copies an author's code into a package and writes a class over one of
`modelyard.adopted.models`. The author's `main.py` is called as by Nuclio, and its replies become
shapes, which are checked, clipped and encoded like those of any other model.
"""
