"""How an example is shown to a model: the sentence, and who and what it is read for."""

from typing import NamedTuple

from stancekit.types import Example, Mention


class Rendered(NamedTuple):
    """What a model reads: a text, and a second text or an empty string."""

    text: str
    pair: str


def mark(example: Example, *, actor: tuple[str, str], target: tuple[str, str]) -> str:
    """Return the sentence with marks set around its actor and its target.

    Spans that overlap an earlier mark are left bare, the actor's is set first.

    Examples
    --------
    >>> one = Example("1", "Peru shunned the levy.", Mention("Peru", 0, 4), Mention("the levy", 13, 21))
    >>> mark(one, actor=("<", ">"), target=("{", "}"))
    '<Peru> shunned {the levy}.'
    """
    spans: list[tuple[int, int, tuple[str, str]]] = []
    for mention, signs in ((example.actor, actor), (example.target, target)):
        if mention is None or mention.start is None or mention.end is None:
            continue
        if all(mention.end <= start or end <= mention.start for start, end, _ in spans):
            spans.append((mention.start, mention.end, signs))
    text = example.text
    for start, end, (opening, closing) in sorted(spans, reverse=True):
        text = f"{text[:start]}{opening}{text[start:end]}{closing}{text[end:]}"
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
        return Rendered(mark(example, actor=("* ", " *"), target=("# ", " #")), super().render(example).pair)
