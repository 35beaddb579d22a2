"""Files that several processes write: atomically, one at a time, or by appending."""
