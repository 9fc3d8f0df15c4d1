"""Making a network's definition out of a few words: pure functions, nothing is touched."""
