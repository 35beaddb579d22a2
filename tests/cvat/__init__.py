"""CVAT as a client: its exact requests, and its rules for the replies."""
