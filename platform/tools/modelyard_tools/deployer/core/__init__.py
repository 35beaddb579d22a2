"""What is the same wherever functions are deployed to."""
