"""The words after `./pants run ::deploy --`, one file each.

Each file has `add_parser`, which adds the word and its options to the command line and names the
function that runs it. Beyond that a file loads nothing before it is run.
"""
