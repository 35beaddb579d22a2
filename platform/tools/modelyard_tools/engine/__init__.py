"""The container engine of this machine, through its command-line client."""
