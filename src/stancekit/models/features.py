"""How an example is shown to a model: the sentence, and who and what it is read for."""

from typing import Any, NamedTuple

from stancekit.errors import KitError
from stancekit.types import Example, Mention


class Rendered(NamedTuple):
    """What a model reads: a text, and a second text or an empty string."""

    text: str
    pair: str


def mark(
    example: Example, *, actor: tuple[str, str], target: tuple[str, str], keep: bool = True
) -> str:
    """Return the sentence with marks set around its actor and its target.

    A target that overlaps the actor is not marked. Without `keep`, the marks replace the words.

    Examples
    --------
    >>> example = Example("1", "Peru shunned the levy.", Mention("Peru", 0, 4), Mention("the levy", 13, 21))
    >>> mark(example, actor=("<", ">"), target=("{", "}"))
    '<Peru> shunned {the levy}.'
    """
    signs = {"actor": actor, "target": target}
    text = example.text
    for start, end, role in reversed(example.spans()):
        opening, closing = signs[role]
        text = f"{text[:start]}{opening}{text[start:end] if keep else ''}{closing}{text[end:]}"
    return text


# What stands for an actor that the sentence does not name: who it is must not decide.
UNNAMED_ACTOR = "the speaker"


def _in_words(text: str, mention: Mention | None) -> str:
    """Return a mention in the words of the text, or its name where the text does not have it."""
    if mention is None:
        return ""
    return text[mention.start : mention.end] if mention.located else mention.name


class Plain:
    """The sentence alone: neither actor nor target is seen."""

    def __repr__(self) -> str:
        """Return the name, by which a search's table of results shows features."""
        return f"{type(self).__name__}()"

    def render(self, example: Example) -> Rendered:
        """Return the sentence as it is."""
        return Rendered(example.text, "")


class Pair:
    """The sentence, and actor and target as a second text.

    Both are shown in the words of the sentence where it names them. An actor that it does not name is
    "the speaker", whoever it is, so that no model learns a speaker's side by the name.

    Examples
    --------
    >>> example = Example("1", "It is a bad levy.", Mention("Ama Osei"), Mention("the levy"))
    >>> Pair().render(example).pair
    'the speaker # the levy'
    """

    __repr__ = Plain.__repr__

    def render(self, example: Example) -> Rendered:
        """Return the sentence and the two names."""
        return Rendered(example.text, self.name_pair(example))

    def name_pair(self, example: Example) -> str:
        """Return the two names."""
        actor, target = example.actor, example.target
        who = UNNAMED_ACTOR if actor and not actor.located else _in_words(example.text, actor)
        names = [name for name in (who, _in_words(example.text, target)) if name]
        return " # ".join(names)


class Marked(Pair):
    """The sentence with actor and target marked in it, and both names as a second text."""

    def render(self, example: Example) -> Rendered:
        """Return the marked sentence and the two names."""
        marked = mark(example, actor=("* ", " *"), target=("# ", " #"))
        return Rendered(marked, self.name_pair(example))


FEATURES: dict[str, Any] = {"plain": Plain, "pair": Pair, "marked": Marked}


def features_name(features: Any) -> str:
    """Return the name by which features are written down.

    Raises
    ------
    KitError
        When they are not of the kit.
    """
    for name, kind in FEATURES.items():
        if type(features) is kind:
            return name
    raise KitError(
        f"features of type {type(features).__name__} cannot be saved; the kit saves: {', '.join(FEATURES)}"
    )
