"""A sandbox: a LAN, a host and guests, all in namespaces of their own."""
