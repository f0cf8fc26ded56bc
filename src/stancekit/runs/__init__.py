"""Runs: how one is trained and recorded, how it is read back, and what several show together."""
