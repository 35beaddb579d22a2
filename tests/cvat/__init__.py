"""CVAT as a client: its very requests, and its rules for the replies."""
