"""What the kernel has of the host's interfaces, moved from one link to another in one go."""
