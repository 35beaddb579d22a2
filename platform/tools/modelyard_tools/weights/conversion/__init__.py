"""Converts networks in foreign formats to OpenVINO's."""
