"""DHCP clients, which move with the addresses that they keep."""
