"""Who speaks for whom: of a name and the state or body that it speaks for, one is the actor."""

import re
from collections.abc import Sequence
from dataclasses import replace

from stancekit.text.syntax import ParsedSentence
from stancekit.text.targets import MOST_ACTORS
from stancekit.types import Mention

_OPENS_NAME = re.compile(r"\s\(")
_CLOSES = re.compile(r"[),;]")


def with_voices(
    actors: Sequence[Mention], text: str, parsed: ParsedSentence, *, speaker: Mention | None = None
) -> list[Mention]:
    """Return the actors, but of a name and whom it speaks for only one: one voice, one row.

    Of "Peru's envoy, Ana Ruiz" and "ANA RUIZ (Peru)" the name stays, with Peru's code; of "Peru's
    Senate" the whole.

    Parameters
    ----------
    speaker
        The actor that speaks the sentence, which stays as it is.

    Examples
    --------
    >>> from stancekit.text.syntax import parse_sentences
    >>> text = "ANA RUIZ (Peru) left."
    >>> [sentence] = parse_sentences([text])
    >>> with_voices([Mention("ANA RUIZ", 0, 8), Mention("Peru", 10, 14, "PER")], text, sentence)
    [Mention(name='ANA RUIZ', start=0, end=8, code='PER')]
    """
    if len(actors) > MOST_ACTORS:
        return list(actors)
    spoken_for: list[Mention] = []
    voices: dict[Mention, Mention] = {}
    others = [one for one in actors if one.located and one is not speaker]
    for actor in others:
        for other in others:
            # Named twice, it may do something itself.
            if other is actor or text.count(text[other.start : other.end]) > 1:
                continue
            if _has_inside(actor, other):
                spoken_for.append(other)
            elif not actor.code and (
                has_in_bracket(actor, other, text)
                or parsed.is_of(actor, other)
                or (other.code and parsed.names_voice(actor, other))
            ):
                spoken_for.append(other)
                voices[actor] = replace(actor, code=other.code)
    return [voices.get(actor, actor) for actor in actors if actor not in spoken_for]


def _has_inside(actor: Mention, other: Mention) -> bool:
    """Say whether an actor's words begin with or have inside those of another: "Peru's Senate"."""
    if actor.start is None or actor.end is None or other.start is None or other.end is None:
        return False
    return actor.start <= other.start and other.end < actor.end


def has_in_bracket(name: Mention, other: Mention, text: str) -> bool:
    """Say whether a name has another in a bracket behind it: "ANA RUIZ (Peru)", "Bo Lind (Greens)".

    Examples
    --------
    >>> text = "Bo Lind (Greens) left."
    >>> has_in_bracket(Mention("Bo Lind", 0, 7), Mention("Greens", 9, 15), text)
    True
    """
    if name.end is None or other.start is None or other.end is None:
        return False
    if not all(word[0].isupper() for word in name.name.split()):
        return False
    opens = _OPENS_NAME.fullmatch(text, name.end, other.start)
    return bool(opens and _CLOSES.match(text, other.end))
