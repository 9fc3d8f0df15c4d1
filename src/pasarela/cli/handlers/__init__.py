"""What the commands do, a module a topic, imported when a command runs."""
