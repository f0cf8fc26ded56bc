"""Find the targets of a sentence: what an actor can take a stance towards."""

import re
from collections.abc import Sequence
from functools import cache, lru_cache

import yaml

from stancekit.resources import shipped
from stancekit.text.clean import CleanText, clean
from stancekit.text.gazetteer import load_gazetteer
from stancekit.types import Article, Mention

_APOSTROPHES = str.maketrans("’‘ʼ", "'''")
# "the levy", "The levy" and "levy" are one target.
_ARTICLE_BEFORE = re.compile(r"^(?:the|a|an)\s+")


def name_key(name: object) -> str:
    """Return a name as names are compared.

    Examples
    --------
    >>> name_key("The  Levy"), name_key(None)
    ('levy', '')
    """
    return _ARTICLE_BEFORE.sub("", " ".join(str(name or "").split()).casefold())


def locate(name: str, text: str) -> tuple[int, int] | None:
    r"""Return where a text first spells out a name as whole words, or `None`.

    White space, apostrophes, hyphens and accented letters may be written in any form
    (`clean`). The exact letter case is tried first, and separate words before a part of a
    compound. A name in capitals never matches small letters: "US" is not "us".

    Returns
    -------
    tuple of int, or None
        Offsets in `text` as given.

    Examples
    --------
    >>> locate("Mali", "Somalia and Mali voted")
    (12, 16)
    >>> locate("Guinea", "Guinea-Bissau and Guinea voted")
    (18, 24)
    >>> locate("the draft", "Peru read The  draft.")
    (10, 20)
    >>> print(locate("Oman", "A woman spoke."), locate("US", "They told us."))
    None None
    """
    wanted = _clean_plain(str(name))[1].strip()
    if not wanted:
        return None
    cleaned, plain, small = _clean_plain(text)
    if wanted.isascii() and plain.isascii():
        place = _find_ascii(wanted, plain, small)
        return cleaned.to_raw(place, place + len(wanted)) if place >= 0 else None
    for flags in (re.NOFLAG, re.IGNORECASE):
        for beside in (r"\w-", r"\w"):
            for match in _compile_name(wanted, beside, flags).finditer(plain):
                if not (wanted.isupper() and match[0].islower()):
                    return cleaned.to_raw(*match.span())
    return None


def _find_ascii(name: str, text: str, small_text: str) -> int:
    """Return what the patterns of `_compile_name` find, or -1; compiling one takes longer than this."""
    for wanted, searched in ((name, text), (name.lower(), small_text)):
        for hyphen in ("-", ""):
            at = searched.find(wanted)
            while at >= 0:
                end = at + len(name)
                sides = text[at - 1 : at] + text[end : end + 1]
                apart = not any(sign.isalnum() or sign in ("_", hyphen) for sign in sides)
                if apart and not (name.isupper() and text[at:end].islower()):
                    return at
                at = searched.find(wanted, at + 1)
    return -1


# Rows of one sentence follow each other, and each asks for several names.
@lru_cache(maxsize=1024)
def _clean_plain(text: str) -> tuple[CleanText, str, str]:
    """Return a clean text, the same with plain apostrophes, and that in small letters."""
    cleaned = clean(text)
    plain = cleaned.text.translate(_APOSTROPHES)
    return cleaned, plain, plain.lower()


# Data name the same actors and targets again and again; a pattern takes about a kilobyte.
@lru_cache(maxsize=8192)
def _compile_name(name: str, beside: str, flags: re.RegexFlag) -> re.Pattern[str]:
    """Compile a pattern for a name without certain characters on its sides."""
    return re.compile(rf"(?<![{beside}]){re.escape(name)}(?![{beside}])", flags)


def make_mention(name: str, text: str) -> Mention:
    """Return a name as a mention, with its span where the sentence spells it out.

    A state or a body of the gazetteer may be there under another of its names, but not as a part of
    another name: "Latin America" does not name the United States.

    Examples
    --------
    >>> make_mention("the draft", "Peru read The draft.")
    Mention(name='the draft', start=10, end=19, code=None)
    >>> make_mention("whaling", "Peru read the draft.").located
    False
    >>> make_mention("Peru", "Lima read the draft.")
    Mention(name='Peru', start=0, end=4, code=None)
    """
    place = locate(name, text)
    if place is None:
        others = (_locate_apart(other, text) for other in load_gazetteer().other_names(name))
        place = next(filter(None, others), None)
    return Mention(name, *(place or (None, None)))


def _locate_apart(name: str, text: str) -> tuple[int, int] | None:
    """Return where a text has a name of the gazetteer that is no part of a longer one there."""
    place = locate(name, text)
    if place is None:
        return None
    for longer in _longer_names(name):
        around = locate(longer, text)
        if around and around[0] <= place[0] and place[1] <= around[1]:
            return None
    return place


@lru_cache(maxsize=4096)
def _longer_names(name: str) -> tuple[str, ...]:
    """Return the names of the gazetteer that have a name as some of their words, in any letter case."""
    apart, short = f" {name} ".casefold(), len(name)
    names = (other for other in load_gazetteer().names if len(other) > short)
    return tuple(other for other in names if apart in f" {other} ".casefold())


_TARGET_WORD = re.compile(r"\w+(?:[-–]\w+)*")
# Words before a noun that may belong to it, as in "new Russian-backed draft resolution".
MAX_MODIFIERS = 3
# A sentence with more actors is a roll call, and its actors are not targets of each other:
# of 5,920 annotated sentences of the bundled corpus none has more, and the pairs of 193
# states would be 37,056.
MOST_ACTORS = 9


def make_topic(article: Article) -> Mention | None:
    r"""Return the article's topic as a target without a span, or `None` without a topic.

    Examples
    --------
    >>> make_topic(Article("a", "Fish war\n\nIceland sent ships.", topic="Fish war")).name
    'Fish war'
    """
    return Mention(article.topic) if article.topic else None


@cache
def target_words() -> dict[str, frozenset[str]]:
    """Return the word lists of `seeds/targets.yaml`."""
    lists = yaml.safe_load(shipped("seeds", "targets.yaml").read_text(encoding="utf-8"))
    return {section: frozenset(words) for section, words in lists.items()}


def is_matter(word: str) -> bool:
    """Say whether a noun in small letters is one for a text, an act or a policy."""
    nouns = target_words()
    return word in nouns["words"] or word in nouns["also_verbs"]


def find_issues(text: str) -> list[Mention]:
    """Return the texts, acts and policies that a sentence names, with their adjectives.

    Examples
    --------
    >>> text = "Peru voted against the European-led resolution on the war."
    >>> [issue.name for issue in find_issues(text)]
    ['European-led resolution', 'war']
    >>> find_issues("Chile plans to leave on Friday.")
    []
    """
    nouns, words = target_words(), list(_TARGET_WORD.finditer(text))
    longest: dict[int | None, Mention] = {}
    for index, word in enumerate(words):
        head = word[0].lower()
        if head not in nouns["words"] and head not in nouns["also_verbs"]:
            continue
        first = _find_phrase_start(words, index, text)
        # A noun that is a verb too needs an adjective or an article before it.
        before = words[first - 1][0].lower() if first else ""
        if head in nouns["also_verbs"] and first == index and before not in nouns["before"]:
            continue
        start = words[first].start()
        # "draft" and "draft resolution" start together, and the longer one comes last.
        longest[start] = Mention(text[start : word.end()], start, word.end())
    return [issue for issue in longest.values() if not names_no_issue(issue.name)]


def names_no_issue(name: str) -> bool:
    """Say whether a phrase names what is not at issue.

    Examples
    --------
    >>> names_no_issue("the Second World War"), names_no_issue("the war")
    (True, False)
    """
    return name.lower().endswith(tuple(target_words()["not_targets"]))


def find_texts(text: str) -> list[Mention]:
    """Return those of `find_issues` that are texts: what is drafted, moved, voted on or signed.

    Examples
    --------
    >>> text = "Peru voted against the European-led resolution on the war."
    >>> [named.name for named in find_texts(text)]
    ['European-led resolution']
    """
    texts = target_words()["texts"]
    return [issue for issue in find_issues(text) if issue.name.split()[-1].lower() in texts]


def _find_phrase_start(words: Sequence[re.Match[str]], index: int, text: str) -> int:
    """Return the first word of the phrase whose noun is the word at `index`."""
    first = index
    while first > max(0, index - MAX_MODIFIERS):
        if not _modifies(words[first - 1], words[first], text):
            break
        first -= 1
    return first


def _modifies(word: re.Match[str], after: re.Match[str], text: str) -> bool:
    """Say whether a word belongs to the noun after it: a name, a compound, or an adjective."""
    nouns, spelled = target_words(), word[0]
    if text[word.end() : after.start()] != " " or spelled.lower() in nouns["before"]:
        return False
    # The first word of a sentence has a capital whatever it is.
    is_name = spelled[0].isupper() and word.start() > 0
    is_adjective = spelled in nouns["modifiers"] or spelled.endswith(tuple(nouns["endings"]))
    return is_name or "-" in spelled or is_adjective


def spans_overlap(first: Mention, second: Mention) -> bool:
    """Say whether two mentions share a character; those without a span share none.

    Examples
    --------
    >>> spans_overlap(Mention("Peru", 0, 4), Mention("Peru's envoy", 0, 12))
    True
    """
    if first.start is None or first.end is None or second.start is None or second.end is None:
        return False
    return first.start < second.end and second.start < first.end


# "of" names the object of these acts, and of others such as a decision who acted.
_ON_OBJECT = re.compile(r"\s+(?:against|on|upon|in)\s+(?:the\s+)?")
_OF_OBJECT = re.compile(
    r"(?:invasion|occupation|annexation|expulsion|suspension)\s+of\s+(?:the\s+)?", re.IGNORECASE
)


def find_objects(text: str, actors: Sequence[Mention]) -> list[Mention]:
    """Return the actors that an act or a text of the sentence is directed at.

    Examples
    --------
    >>> text = "Chad's invasion of Oman and the decision of Peru on Mali"
    >>> actors = [make_mention(name, text) for name in ("Chad", "Oman", "Peru", "Mali")]
    >>> [actor.name for actor in find_objects(text, actors)]
    ['Oman']
    """
    objects = []
    issues = [(issue.start, issue.end) for issue in find_issues(text)]
    for actor in actors:
        for start, end in issues:
            if start is None or end is None or actor.start is None or actor.start < end:
                continue
            last_word = text[start:end].rpartition(" ")[2]
            between = text[end : actor.start]
            if _ON_OBJECT.fullmatch(between) or _OF_OBJECT.fullmatch(last_word + between):
                objects.append(actor)
    return objects
