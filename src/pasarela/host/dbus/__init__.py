"""Other programs of the host that are told of our networks over D-Bus."""
