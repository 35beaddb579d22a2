"""What accepts requests in front of the workers, in the platform and in the standalone image."""
