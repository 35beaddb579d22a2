"""Errors that end the deployer early."""

from modelyard_tools.errors import ToolError


class DeployError(ToolError):
    """Something is wrong outside the deployer."""


class UsageError(DeployError):
    """The command line asks for something that does not exist."""
