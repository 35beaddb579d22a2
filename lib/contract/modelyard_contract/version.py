"""The version of this repository; CHANGELOG.md says what each one brings."""

VERSION = "0.1.0"
