"""The commands after `./pants run ::deploy --`, one file each.

Each file has `add_parser`, which adds the command and its options to the command line and names
the function that runs it. Everything else is imported when the command runs.
"""
