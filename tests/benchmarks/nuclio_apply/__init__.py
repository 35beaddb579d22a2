"""The overhead of `apply` over Nuclio's deployment of one function."""
