"""The kernel's netlink sockets, spoken without a library."""
