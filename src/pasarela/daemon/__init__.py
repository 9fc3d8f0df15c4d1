"""pasarelad: Pasarela's engine behind the sockets of libvirt's network and interface daemons."""
