"""Say towards what a sentence's stances are read."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import yaml

from stancekit.resources import shipped
from stancekit.text.clean import clean
from stancekit.types import Article, Mention, as_list

_APOSTROPHES = str.maketrans("’‘ʼ", "'''")


def locate(name: str, text: str) -> tuple[int, int] | None:
    r"""Return where a text first spells out a name, as whole words; letter case is the second try.

    White space, apostrophes, hyphens and composed letters may be written in any way (`clean`). A
    name of capitals alone is never a word in small letters: "US" is not "us". What stands alone
    goes before a part of a compound.

    Returns
    -------
    tuple of int, or None
        Offsets in `text` as it is given.

    Examples
    --------
    >>> locate("Mali", "Somalia and Mali voted")
    (12, 16)
    >>> locate("Guinea", "Guinea-Bissau and Guinea voted")
    (18, 24)
    >>> locate("the draft", "Peru read The  draft.")
    (10, 20)
    >>> print(locate("Oman", "A woman spoke."), locate("US", "They told us."), locate("", "No one voted."))
    None None None
    """
    wanted = clean(str(name)).text.strip().translate(_APOSTROPHES)
    if not wanted:
        return None
    seen = clean(text)
    plain = seen.text.translate(_APOSTROPHES)
    for flags in (0, re.IGNORECASE):
        for beside in (r"\w-", r"\w"):
            for found in re.finditer(
                rf"(?<![{beside}]){re.escape(wanted)}(?![{beside}])", plain, flags
            ):
                if not (wanted.isupper() and found[0].islower()):
                    return seen.to_raw(*found.span())
    return None


def make_mention(name: str, text: str) -> Mention:
    """Return a name as a mention, with its span where the sentence spells it out.

    Examples
    --------
    >>> make_mention("the draft", "Peru read The draft.")
    Mention(name='the draft', start=10, end=19, code=None)
    >>> make_mention("whaling", "Peru read the draft.").located
    False
    """
    return Mention(name, *(locate(name, text) or (None, None)))


_TARGET_WORD = re.compile(r"\w+(?:[-–]\w+)*")
# The most actors of a sentence that are read for their stances towards each other.
MOST_ACTORS = 9


def make_topic(article: Article) -> Mention | None:
    r"""Return the article's topic as a target without a span: its title, or None.

    Examples
    --------
    >>> make_topic(Article("a", "Fish war\n\nIceland sent ships.", topic="Fish war")).name
    'Fish war'
    """
    return Mention(article.topic) if article.topic else None


@cache
def _nouns() -> dict[str, frozenset[str]]:
    found = yaml.safe_load(shipped("seeds", "targets.yaml").read_text(encoding="utf-8"))
    return {key: frozenset(words) for key, words in found.items()}


def find_issues(text: str) -> list[Mention]:
    """Return the texts, acts and policies that a sentence names, each with the adjectives before it.

    Examples
    --------
    >>> [one.name for one in find_issues("Peru voted against the European-led resolution on the war.")]
    ['European-led resolution', 'war']
    >>> find_issues("Chile plans to leave on Friday.")
    []
    """
    nouns, words = _nouns(), list(_TARGET_WORD.finditer(text))
    found = []
    for at, word in enumerate(words):
        head = word[0].lower()
        if head not in nouns["words"] and head not in nouns["also_verbs"]:
            continue
        first = at
        while first > max(0, at - 3) and _modifies(words[first - 1], words[first], text):
            first -= 1
        before = words[first - 1][0].lower() if first else ""
        if head in nouns["also_verbs"] and first == at and before not in nouns["before"]:
            continue
        found.append(
            Mention(text[words[first].start() : word.end()], words[first].start(), word.end())
        )
    # Of "draft resolution" only the longest phrase is kept.
    return list({one.start: one for one in found}.values())


def _spans_overlap(one: Mention, other: Mention) -> bool:
    spans = (one.start, one.end, other.start, other.end)
    if None in spans:
        return False
    return bool(one.start < other.end and other.start < one.end)  # type: ignore[operator]  # none is None


def _modifies(word: re.Match[str], after: re.Match[str], text: str) -> bool:
    """Say whether a word belongs to the noun behind it: a name, a compound, or an adjective by its ending."""
    nouns, spelled = _nouns(), word[0]
    if text[word.end() : after.start()] != " " or spelled.lower() in nouns["before"]:
        return False
    named = spelled[0].isupper() and word.start() > 0
    known = spelled in nouns["modifiers"] or spelled.endswith(tuple(nouns["endings"]))
    return named or "-" in spelled or known


class Targets:
    """What the stances of one sentence are read for; see `find_targets`."""

    def __init__(
        self,
        text: str,
        actors: Sequence[Mention],
        *,
        given: str | Sequence[Any] = (),
        topic: Mention | None = None,
    ) -> None:
        names = [name.strip() for name in as_list(given) if name.strip()]
        self._found = (
            [make_mention(name, text) for name in names] if names else _assumed(text, actors, topic)
        )

    def of(self, actor: Mention) -> list[Mention]:
        """Return the targets of one actor: nobody takes a side towards itself."""
        unique = {target.name.casefold(): target for target in reversed(self._found)}
        return [
            target
            for target in reversed(unique.values())
            if target.name.casefold() != actor.name.casefold()
        ]


def _assumed(text: str, actors: Sequence[Mention], topic: Mention | None) -> list[Mention]:
    matters = [
        one for one in find_issues(text) if not any(_spans_overlap(one, other) for other in actors)
    ]
    others = actors if len(actors) <= MOST_ACTORS else ()
    return [*(matters or ([topic] if topic else [])), *others]


def find_targets(
    text: str,
    actor: Mention,
    actors: Sequence[Mention],
    *,
    given: str | Sequence[Any] = (),
    topic: Mention | None = None,
) -> list[Mention]:
    """Return the targets that an actor's stance is read for in one sentence.

    Parameters
    ----------
    actors
        All actors of the sentence.
    given
        The targets the user asks about; if there are any, they are the only ones. One string is one
        target.
    topic
        What the article is about.

    Without `given`, the targets are the texts, acts and policies that the sentence names, or the
    topic where it names none, and the other actors. Where there are more than `MOST_ACTORS`, as in
    a roll call, the others are none: of 5,920 annotated sentences of the bundled corpus none has
    more, and the pairs of 193 states would be 37,056.

    Examples
    --------
    >>> kenya, togo = Mention("Kenya", 0, 5, "KEN"), Mention("Togo", 13, 17, "TGO")
    >>> found = find_targets("Kenya blamed Togo.", kenya, [kenya, togo], topic=Mention("Fish war"))
    >>> [target.name for target in found]
    ['Fish war', 'Togo']
    """
    return Targets(text, actors, given=given, topic=topic).of(actor)
