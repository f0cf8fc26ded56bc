"""How an example is shown to a model: the sentence, and who and what it is read for."""

from typing import NamedTuple

from stancekit.types import Example, Mention


class Rendered(NamedTuple):
    """What a model reads: a text, and a second text or an empty string."""

    text: str
    pair: str


def mark(
    example: Example, *, actor: tuple[str, str], target: tuple[str, str], keep: bool = True
) -> str:
    """Return the sentence with marks set around its actor and its target.

    A target that overlaps the actor is left bare. Without `keep`, the marks stand in place of the
    words.

    Examples
    --------
    >>> one = Example("1", "Peru shunned the levy.", Mention("Peru", 0, 4), Mention("the levy", 13, 21))
    >>> mark(one, actor=("<", ">"), target=("{", "}"))
    '<Peru> shunned {the levy}.'
    """
    signs = {"actor": actor, "target": target}
    text = example.text
    for start, end, role in reversed(example.spans()):
        opening, closing = signs[role]
        text = f"{text[:start]}{opening}{text[start:end] if keep else ''}{closing}{text[end:]}"
    return text


def _name(mention: Mention | None) -> str:
    return mention.name if mention else ""


class Plain:
    """The sentence alone: neither actor nor target is seen."""

    def render(self, example: Example) -> Rendered:
        """Return the sentence as it stands."""
        return Rendered(example.text, "")


class Pair:
    """The sentence, and actor and target as a second text."""

    def render(self, example: Example) -> Rendered:
        """Return the sentence and the two names."""
        names = [name for name in (_name(example.actor), _name(example.target)) if name]
        return Rendered(example.text, " # ".join(names))


class Marked(Pair):
    """The sentence with actor and target marked where they stand, and both names as a second text."""

    def render(self, example: Example) -> Rendered:
        """Return the marked sentence and the two names."""
        return Rendered(
            mark(example, actor=("* ", " *"), target=("# ", " #")), super().render(example).pair
        )
