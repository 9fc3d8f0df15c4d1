"""What can be asked for: frozen values, standard library only."""
