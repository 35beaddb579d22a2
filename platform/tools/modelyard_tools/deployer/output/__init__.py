"""What the deployer prints."""
