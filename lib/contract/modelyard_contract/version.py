"""The version of this repository; see CHANGELOG.md."""

VERSION = "0.1.0"
