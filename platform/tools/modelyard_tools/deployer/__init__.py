"""`./pants run ::deploy`: deploys what was built to the platform that serves it.

This package file imports nothing; each command loads only what it needs, so
that a call with nothing to do ends quickly.
"""
