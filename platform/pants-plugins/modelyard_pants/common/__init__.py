"""What every room uses: errors, and look-ups of addresses, modules and tools.

Imports no other room.
"""
