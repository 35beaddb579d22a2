"""Foreign formats of networks, turned into OpenVINO's."""
