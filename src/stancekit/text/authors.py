"""Whose a text is: "the Kenyan draft", "a British-drafted resolution", "Peru's motion"."""

from collections.abc import Iterator, Sequence

from stancekit.text.gazetteer import load_gazetteer
from stancekit.text.syntax import ParsedSentence, Phrase
from stancekit.text.targets import target_words
from stancekit.types import Mention

# What stands behind a hyphen after the name of who is for a text.
_HELPS = frozenset(["backed", "drafted", "led", "proposed", "sponsored", "supported", "tabled"])


def find_authors(
    parsed: ParsedSentence, text: str, actors: Sequence[Mention]
) -> Iterator[tuple[Mention, Mention]]:
    """Yield states with a text of the sentence that is theirs by their adjective, or by the actor's ending.

    Examples
    --------
    >>> from stancekit.text.syntax import parse_sentences
    >>> text = "Chad read Peru's motion and the new Kenyan draft."
    >>> [sentence] = parse_sentences([text])
    >>> actors = [Mention("Chad", 0, 4, "TCD"), Mention("Peru", 10, 14, "PER")]
    >>> [(who.name, what.name) for who, what in find_authors(sentence, text, actors)]
    [('Peru', 'motion'), ('Kenya', 'new Kenyan draft')]
    """
    names = {one.name for one in actors}
    owners = [(actor, owner) for actor in actors if (owner := parsed.phrase(actor))]
    belongs = {
        owner.head.head: (actor, owner) for actor, owner in owners if owner.head.role == "poss"
    }
    for mention in parsed.phrases:
        phrase = parsed.phrase(mention)
        if phrase is None or phrase.head.text not in target_words()["put_forward"]:
            continue
        if phrase.head.place in belongs:
            actor, owner = belongs[phrase.head.place]
            start = parsed.words[min(owner.last + 1, phrase.head.place)].start
            yield actor, Mention(text[start : phrase.head.end], start, phrase.head.end)
        author = _read_adjective(parsed, phrase, text)
        if author and author.name not in names:
            yield author, mention


def _read_adjective(parsed: ParsedSentence, phrase: Phrase, text: str) -> Mention | None:
    """Return the state whose adjective or name stands before a noun, the nearest one."""
    names = load_gazetteer().names
    words = parsed.words
    for last in range(phrase.head.place, phrase.first, -1):
        for first in range(max(phrase.first, last - 3), last):
            start, end = words[first].start, words[last - 1].end
            entry = names.get(text[start:end])
            if entry is None or entry.kind not in ("demonym", "country") or not entry.name:
                continue
            if words[last].text == "-" and words[last + 1].text not in _HELPS:
                return None
            if first and words[first - 1].text == "-":
                return None
            return Mention(entry.name, start, end, entry.code)
    return None
