"""Who acts in a sentence."""

from stancekit.text.actors.finder import ActorFinder

__all__ = ["ActorFinder"]
