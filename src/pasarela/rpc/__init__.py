"""libvirt's wire protocol without input or output: bytes in, events out; no socket, no waiting."""
