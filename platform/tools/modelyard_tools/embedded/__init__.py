"""Runs functions on this machine, without Docker, behind Nuclio's dashboard API.

One process: it answers the dashboard API, listens on every function's own port,
and keeps each function's worker processes. What it runs, it finds in a folder,
its home (`modelyard_tools.home.folders`), where the deployer puts releases.

This package file imports nothing: the deployer uses `modelyard_tools.home.folders` and its
like without loading a web server.
"""
