"""What ends the deployer early."""


class DeployError(Exception):
    """Something is wrong outside the deployer; the text says what, where, and what to do next."""


class UsageError(DeployError):
    """The command line asks for something that does not exist."""
