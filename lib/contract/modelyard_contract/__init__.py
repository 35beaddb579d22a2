"""Names, limits and formats shared by plugin, platform, functions and tools.

Standard library only, for Python 3.9 (Pants) and 3.11 (everything else). Pants' daemon restarts
when a file here changes.
"""
