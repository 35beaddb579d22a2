"""CPU usage of an idle function in a container engine."""
