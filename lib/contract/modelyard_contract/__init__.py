"""What plugin, platform, functions and tools agree on: names, limits, formats.

Standard library only, on Python 3.9 (Pants) as on 3.11 (all else). Pants' daemon restarts when a
file here changes.
"""
