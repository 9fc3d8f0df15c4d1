"""The host's own interfaces: what their managers' files say, and what the kernel has.

Each manager (ifupdown, netplan, systemd-networkd, NetworkManager) is a folder of pure functions
from files to files; ``live/`` moves what is in the kernel; ``hostbridge`` ties the two together.
"""
