"""What host-bridge does: a change looked at, done, on trial, kept or taken back."""
