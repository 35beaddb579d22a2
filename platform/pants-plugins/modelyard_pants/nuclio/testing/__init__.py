"""The function that the tests of Nuclio's files render."""
