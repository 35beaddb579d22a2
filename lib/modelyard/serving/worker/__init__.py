"""What runs in the process of a function: no web server."""
