"""Doubles of Docker, of Nuclio's dashboard and of nuctl, for machines that have none of them.

`docker.py` and `nuctl.py` are programs, `dashboard.py` is an HTTP server. Containers are real
processes with real ports, so which version of a function answers can be seen from outside. All of
them do what their originals do, also where that is surprising; `faults.py` makes them fail.
"""
