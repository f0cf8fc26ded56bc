"""The speaker of a text: who "we" and "my delegation" are, and where a sentence says so."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from stancekit.text.gazetteer import Gazetteer
from stancekit.text.targets import find_objects, make_mention, spans_overlap
from stancekit.types import Mention

# Codes of states that are no more, of ISO 3166-3, by the names of the gazetteer.
_FORMER_STATES = {
    "CSK": "Czechoslovakia",
    "DDR": "East Germany",
    "SCG": "Serbia and Montenegro",
    "SUN": "Soviet Union",
    "YMD": "South Yemen",
    "YUG": "Yugoslavia",
}
# What a speaker speaks for. "Our Union" or "our Organization" would be one of many members.
_NOUNS = (
    "administration|association|committee|country|delegation|federation|government|group|"
    "kingdom|members|ministry|nation|parliament|party|people|republic"
)
_WORDS = re.compile(
    r"(?<![\w'’-])(?:(?P<subject>[Ww]e|I(?!\.\s*[A-Z]))|"
    rf"(?P<name>[Mm]e|[Uu]s|(?:[Mm]y|[Oo]ur)\s+(?:own\s+)?(?i:{_NOUNS})|[Tt]his\s+House)|"
    r"(?P<part>[Mm]y|[Oo]urs?))(?![\w-])"
)
# "World War I" and "Article I" are numbered.
_BEFORE_NUMBER = re.compile(
    r"\b(?:Annex|Article|Chapter|Part|Phase|Pillar|Section|Title|Volume|War)\s+$", re.IGNORECASE
)
# What is quoted, others say. A curly mark may open what goes on in the next sentence.
_QUOTED = re.compile(r"“[^”]*(?:”|$)|«[^»]*(?:»|$)|\"[^\"]*\"")


def find_first_person(text: str) -> tuple[int, int] | None:
    """Return where a sentence first names its speaker in the first person, or `None`.

    These are "I", "we", "me", "us", "my delegation", "our Government" and their like, and "this
    House"; where there is none, a mere "my" or "our". They mark the actors of speeches in the
    bundled corpus too. What is in quotation marks is another's.

    Examples
    --------
    >>> text = "On this point my Government agrees with you."
    >>> start, end = find_first_person(text)
    >>> text[start:end]
    'my Government'
    >>> print(find_first_person('Chile told the US: "We do not agree."'))
    None
    """
    words = _first_person_words(text)
    whole = [match for match in words if not match["part"]]
    return next((match.span() for match in whole or words), None)


def _first_person_words(text: str) -> list[re.Match[str]]:
    quoted = [match.span() for match in _QUOTED.finditer(text)]
    words = []
    for match in _WORDS.finditer(text):
        in_quotes = any(start <= match.start() < end for start, end in quoted)
        is_number = match[0] == "I" and _BEFORE_NUMBER.search(text[: match.start()])
        if not in_quotes and not is_number:
            words.append(match)
    return words


def make_speaker(name: str, gazetteer: Gazetteer) -> Mention:
    """Return a speaker as an actor: a state's code or any name of it becomes the state's name.

    Parameters
    ----------
    name
        An ISO 3166 alpha-3 code, or a name.

    Examples
    --------
    >>> from stancekit.text import load_gazetteer
    >>> gazetteer = load_gazetteer()
    >>> [make_speaker(name, gazetteer).name for name in ("KEN", "DDR", "EU", "Ama Osei")]
    ['Kenya', 'East Germany', 'European Union', 'Ama Osei']
    """
    entry = gazetteer.find_state(name) or gazetteer.look_up(_FORMER_STATES.get(name, name))
    if entry and entry.name and entry.kind in ("country", "body"):
        return Mention(entry.name, code=entry.code)
    return Mention(name)


@dataclass(frozen=True, slots=True)
class SpokenSentence:
    """The actors of a sentence that someone speaks.

    Attributes
    ----------
    actors
        The speaker, and the others that the sentence names.
    targets
        Those of them that others may take a stance towards: the speaker only where it is named or
        meant by more than "I", "we" or "our".
    not_targets
        Names that are no targets of the speaker, unless they are asked for. Who deplores the war on
        a state deplores the war, which models take for a stance on both; and "our farmers" are the
        speaker's own.
    """

    actors: list[Mention]
    targets: list[Mention]
    not_targets: frozenset[str]


def add_speaker(speaker: Mention, actors: Sequence[Mention], text: str) -> SpokenSentence:
    """Return the actors of a sentence with its speaker first.

    The speaker is marked where the first person is used, or else where its name is. Without
    either it has no span. The other actors stay, but for the words that mean the speaker.

    Parameters
    ----------
    actors
        The actors that the sentence names.

    Examples
    --------
    >>> text = "Chad knows that we thank Oman."
    >>> actors = [Mention("Chad", 0, 4), Mention("we", 16, 18), Mention("Oman", 25, 29)]
    >>> spoken = add_speaker(Mention("Kenya"), actors, text)
    >>> [(actor.name, actor.start) for actor in spoken.actors]
    [('Kenya', 16), ('Chad', 0), ('Oman', 25)]
    >>> [target.name for target in spoken.targets]
    ['Chad', 'Oman']
    """
    words = _first_person_words(text)
    spans = [Mention("", *match.span()) for match in words]
    others = [
        actor
        for actor in actors
        if actor.name != speaker.name and not any(spans_overlap(actor, span) for span in spans)
    ]
    own = [actor for actor in actors if actor.name == speaker.name]
    named = own[0] if own else make_mention(speaker.name, text)
    first = find_first_person(text) or (named.start, named.end)
    # "Chad blames us": in "we know Chad" nothing is said of what Chad thinks of us.
    meant = next((match.span() for match in words if match["name"]), (named.start, named.end))
    target = replace(speaker, start=meant[0], end=meant[1])
    apart = {actor.name for actor in find_objects(text, others)}
    if speaker.code:
        apart |= {actor.name for actor in others if actor.code == speaker.code}
    return SpokenSentence(
        [replace(speaker, start=first[0], end=first[1]), *others],
        [target, *others] if target.located else others,
        frozenset(apart),
    )
