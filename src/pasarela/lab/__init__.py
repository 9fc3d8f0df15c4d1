"""The sandbox: a LAN, a host and guests in namespaces of their own, where nothing can be harmed."""
