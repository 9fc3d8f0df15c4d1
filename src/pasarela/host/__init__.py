"""Thin adapters to the machine: the only place with side effects on it."""
