"""Runs functions on this machine, without Docker, behind Nuclio's dashboard API.

One process: it answers the dashboard API, listens on every function's own port,
and manages each function's worker processes. What it runs is in a folder, its
home (`modelyard_tools.home.folders`), into which the deployer installs releases.

This package file imports nothing: the deployer uses modules such as
`modelyard_tools.home.folders` without loading a web server.
"""
