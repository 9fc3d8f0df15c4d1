"""The commands as data, a module a topic; each has one GROUP."""
