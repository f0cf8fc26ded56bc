"""Recorded votes: who voted how on which text."""

from stancekit.text.rollcalls.reader import Vote, read_roll_calls

__all__ = ["Vote", "read_roll_calls"]
