"""What workers and servers share."""
