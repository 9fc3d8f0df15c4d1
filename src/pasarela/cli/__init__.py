"""The command line: the commands of virsh, and more."""
