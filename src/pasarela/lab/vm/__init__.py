"""Guests that are real: Debian's kernel and busybox under QEMU."""
