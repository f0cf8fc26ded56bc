"""What a sentence says that a body decided on."""

from stancekit.text.syntax import ParsedSentence
from stancekit.types import Mention

# Verbs with which a body decides on their object; of the second kind it grants what their object asks.
_DECIDES = frozenset(
    ["adopted", "approved", "passed", "rejected", "defeated", "endorsed", "elected", "granted"]
)
_DECLINES = frozenset(["declined", "refused", "voted", "decided", "agreed"])
_GRANTS = frozenset(["grant", "give", "adopt", "approve", "elect", "admit", "accept", "extend"])


def decided_on(parsed: ParsedSentence) -> Mention | None:
    """Return what a sentence says was decided on: "by 5 votes to 9 (...), it declined to grant the permit".

    Those in favour of it are for that, whatever came of it.

    Examples
    --------
    >>> from stancekit.text.syntax import parse_sentences
    >>> [sentence] = parse_sentences(["By 5 votes to 9, the Committee declined to grant the permit."])
    >>> decided_on(sentence).name
    'permit'
    """
    objects = {
        phrase.head.head: one
        for one in parsed.phrases
        if (phrase := parsed.phrase(one)) and phrase.head.role == "dobj"
    }
    for word in parsed.words:
        if word.head != word.place:
            continue
        verbs = [word] if word.text in _DECIDES else []
        if word.text in _DECLINES:
            verbs = [
                one for one in parsed.children(word) if one.role == "xcomp" and one.text in _GRANTS
            ]
        for verb in verbs:
            # Who is in favour of a decision not to grant is not for what is not granted.
            if any(one.role == "neg" for each in (word, verb) for one in parsed.children(each)):
                return None
            if verb.place in objects:
                return objects[verb.place]
    return None
