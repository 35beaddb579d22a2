"""The home of the embedded platform: which folder holds what, and the formats of its files."""
