"""The deployer as a process, for tests."""
