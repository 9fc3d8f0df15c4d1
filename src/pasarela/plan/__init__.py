"""Pure functions from what is asked for and what is there to what must be done."""
