"""What a function at rest costs in a container engine."""
