"""Say towards what a sentence's stances are read."""

from collections.abc import Sequence

from stancekit.types import Article, Mention


def topic_of(article: Article) -> Mention | None:
    r"""Return the article's topic as a target without a span: its title, or None.

    Examples
    --------
    >>> topic_of(Article("a", "Fish war\n\nIceland sent ships.", topic="Fish war")).name
    'Fish war'
    """
    return Mention(article.topic) if article.topic else None


def locate(target: str, text: str) -> Mention:
    """Return a target with its span where the sentence spells it out, letter case aside.

    Examples
    --------
    >>> locate("the draft", "Peru read The draft.")
    Mention(name='the draft', start=10, end=19, code=None)
    >>> locate("whaling", "Peru read the draft.").located
    False
    """
    # A few characters change their length in lower case, and would shift what follows.
    start = text.casefold().find(target.casefold()) if len(text.casefold()) == len(text) else text.find(target)
    return Mention(target) if start < 0 or not target else Mention(target, start, start + len(target))


def find_targets(
    text: str, actor: Mention, actors: Sequence[Mention], *, given: Sequence[str] = (), topic: Mention | None = None
) -> list[Mention]:
    """Return the targets that an actor's stance is read for in one sentence.

    Parameters
    ----------
    actors
        All actors of the sentence.
    given
        The targets the user asks about; if there are any, they are the only ones.
    topic
        What the article is about; it and the other actors are the targets if none are given.

    Examples
    --------
    >>> kenya, togo = Mention("Kenya", 0, 5, "KEN"), Mention("Togo", 13, 17, "TGO")
    >>> found = find_targets("Kenya blamed Togo.", kenya, [kenya, togo], topic=Mention("Fish war"))
    >>> [target.name for target in found]
    ['Fish war', 'Togo']
    """
    assumed = ([topic] if topic else []) + list(actors)
    candidates = [locate(name, text) for name in given] if given else assumed
    unique = {target.name.casefold(): target for target in reversed(candidates)}
    return [target for target in reversed(unique.values()) if target.name.casefold() != actor.name.casefold()]
