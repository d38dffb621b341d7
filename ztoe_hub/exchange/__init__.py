"""Data on the move: imports, signing, orders at billing, deliveries. Called by the engine, and by commands."""
