"""Runs in a function's process, without a web server."""
