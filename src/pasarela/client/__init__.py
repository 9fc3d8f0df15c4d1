"""What programs and the command line talk to: one interface, whoever answers."""
