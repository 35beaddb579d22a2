"""The embedded platform as a target."""
