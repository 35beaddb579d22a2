"""What the tests of the platform and of the deployer share: small releases, and a platform."""
