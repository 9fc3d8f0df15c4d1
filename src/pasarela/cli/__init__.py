"""The command line: the commands of virsh, and more.

Nothing here imports more than it needs: a whole ``net-list`` is counted in milliseconds. The
tables in commands/ are data and name their handlers; a handler's module is imported when its
command runs.
"""
