"""Doubles of Docker, Nuclio's dashboard and nuctl, for machines without them.

`docker.py` and `nuctl.py` are programs, `dashboard.py` is an HTTP server. Containers are real
processes with real ports, so which version of a function answers can be seen from outside. All of
them behave like the originals, even where that is surprising; `faults.py` makes them fail.
"""
