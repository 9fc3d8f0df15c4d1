"""Programs that manage the interfaces meanwhile, told of what moves in the kernel."""
