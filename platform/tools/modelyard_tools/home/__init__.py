"""The home of the embedded platform: its folders, and the formats of its files."""
