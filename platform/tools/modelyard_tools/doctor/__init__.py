"""Problems with this machine, its platform and its functions, and how to fix them.

`probes` collect facts (`modelyard_tools.doctor.facts`); `checks` judge them and touch nothing, so
that a check can be tested with a table of facts.
"""
