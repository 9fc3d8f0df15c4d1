"""The host's own interfaces: what their managers' files say, and what the kernel has.

Each manager (``ifupdown``, ``netplan``, ``networkd``, ``networkmanager``) is a folder of pure
functions from the texts of files to edits. ``live`` moves what is in the kernel; ``daemons`` tells
the programs that manage the interfaces meanwhile. Three things are done with these: ``bridge`` is
what host-bridge does, ``iface`` libvirt's interface calls, ``checking`` host-check.
"""
