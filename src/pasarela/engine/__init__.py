"""The life cycle of networks: observe, plan, apply, verify, under locks and with an undo stack."""
