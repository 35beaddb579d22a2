"""What a worker and the server in front of it share."""
