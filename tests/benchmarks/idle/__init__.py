"""What the platform itself takes when it has nothing to do."""
