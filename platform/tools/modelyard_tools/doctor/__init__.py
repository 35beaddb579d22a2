"""What is wrong with this machine, its platform and its functions, and what mends it.

`probes` look (`modelyard_tools.doctor.facts`), `checks` judge what they saw and touch nothing, so
that a check is tested with a table of facts.
"""
