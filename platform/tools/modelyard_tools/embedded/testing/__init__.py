"""Small releases and a platform, shared by the tests of the platform and of the deployer."""
