"""Find the actors of a sentence: who is named as someone who can take a side."""

from stancekit.text.actors.finder import ActorFinder

__all__ = ["ActorFinder"]
