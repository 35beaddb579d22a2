"""Used by all packages: errors, and lookups of addresses, modules and tools.

Imports no other package.
"""
