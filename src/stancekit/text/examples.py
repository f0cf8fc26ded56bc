"""Read an article and turn it into the examples that a model labels."""

import logging
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stancekit.errors import KitError
from stancekit.fileio import read_text
from stancekit.text.actors.finder import ActorFinder
from stancekit.text.clean import clean
from stancekit.text.pairs import ask_pairs, merge_names
from stancekit.text.sentences import split_sentences
from stancekit.text.speaker import make_speaker
from stancekit.text.targets import MOST_ACTORS
from stancekit.types import Article, Example, Mention, Sentence

log = logging.getLogger(__name__)

# The first line of a text, with more text after it.
_FIRST_LINE = re.compile(r"\s*(?P<line>\S[^\n\r]*)[\n\r]\s*\S")
# A first line with a blank line after it, and more text after that.
_FIRST_PARAGRAPH = re.compile(r"\s*(?P<line>[^\n]*\S)[^\S\n]*\n[^\S\n]*\n\s*\S")
# In characters: a longer line is a paragraph, and no headline.
MAX_TITLE_LENGTH = 200

_MONTH_NAME = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY_NUMBER = r"\d{1,2}(?:st|nd|rd|th)?"
_DATE = (
    rf"(?:(?:{_DAY_NUMBER}\s+{_MONTH_NAME}|{_MONTH_NAME}\s+{_DAY_NUMBER})(?:,?\s+\d{{4}})?|"
    r"\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4})"
)
_PERSONAL = (
    r"(?:mr|mrs|ms|mx|miss|madam|madame|mme|sir|dr|prof|professor|monsieur|ambassador|judge)\.?"
)
_OFFICE = (
    r"(?:the\s+)?(?:(?:acting|deputy|vice)[\s-]+)?"
    r"(?:president|chair(?:man|woman|person)?|speaker|rapporteur|moderator|"
    r"secretary(?:[- ]general)?|commissioner|minister)"
)
# A line in which every word addresses an audience: "Thank you, Madam Chair, distinguished
# members of the Council". Possessive repeats keep a long line from backtracking.
_ADDRESS = re.compile(
    rf"(?:(?:{_PERSONAL}|{_OFFICE}|thank|thanks|you|very|so|much|good|morning|afternoon|"
    r"evening|day|hello|greetings|dear|esteemed|distinguished|honou?rable|respected|your|my|"
    r"fellow|excellenc(?:y|ies)|majest(?:y|ies)|highness(?:es)?|ladies|gentlemen|colleagues?|"
    r"delegates?|members?|representatives?|ministers?|ambassadors?|friends?|comrades?|"
    r"citizens|compatriots|brothers|sisters|guests|sirs?|editor|everyone|everybody|all|and|"
    r"to|of|the|this|assembly|council|committee|conference|parliament|house|congress|heads?|"
    r"states?|governments?)(?=[\s,;!–—-]|$)[\s,;!–—-]*+)++",
    re.IGNORECASE,
)
_NAME = r"(?-i:[A-Z][\w.'’-]*|de|van|von|der|al|bin|and)"
# Lines that open a speech, a dispatch or a record and do not say what it is about.
_OPENINGS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # who speaks or is addressed: "Mr. OSEI (Ghana)", "The PRESIDENT (spoke in
        # Spanish)", "Dear Mr. Osei"
        rf"(?:dear\s+)?{_PERSONAL}(?:\s+{_NAME}){{1,4}}(?:\s*\(.*\))?",
        rf"{_OFFICE}(?:\s*\(.*\))?",
        # where, when and by whom: "GENEVA, 12 May 2020 (Agency)", "DAKAR (Agency) -",
        # "By Ama Osei"
        rf"(?:[^\d,]{{2,40}}[,–—-]\s*)?(?:\w+day,?\s+)?{_DATE}(?:\s*[(–—-].{{0,40}})?",
        r"(?-i:(?:[A-Z][\w.'’-]*\s+){1,4})\([\w /]+\)\s*[-–—]",
        rf"by(?:\s+{_NAME}){{1,8}}",
        # the symbol of a document: "A/73/PV.12"
        r"\S*/\S*",
    )
)
_LISTED = re.compile(r"[-*•‣▪◦·–—]\s|\(?\d{1,3}[.)]\s|\([a-z]+\)\s")


def find_title(text: str) -> tuple[str, int] | None:
    r"""Return the title of a text and the offset of its end, or `None` without a title.

    A title is a first line with a blank line after it that reads like one. It has words,
    at most 200 characters, and no full stop, colon or comma at its end. It is one sentence
    and not a list item, and it does not open a speech, a dispatch or a record, as do
    salutations ("Mr. President"), speakers ("Mr. OSEI (Ghana)"), datelines and bylines.

    Examples
    --------
    >>> find_title("Fish war\n\nIceland sent ships.")
    ('Fish war', 8)
    >>> print(find_title("Mr. President,\n\nPeru rejects it."))
    None
    >>> print(find_title("Peru rejected it.\n\nGhana did not."))
    None
    """
    match = _FIRST_PARAGRAPH.match(text)
    if not match:
        return None
    line = clean(match["line"]).text.strip()
    return (match["line"], match.end("line")) if _reads_like_title(line) else None


def _reads_like_title(line: str) -> bool:
    parts = re.split(r"[\W_]", line)
    if len(line) > MAX_TITLE_LENGTH or not any(len(part) > 1 and part.isalpha() for part in parts):
        return False
    last = line.rstrip("\"'”’»›)]}")[-1:]
    if last in ".!?…。！？,;:" or _LISTED.match(line):
        return False
    bare = line.strip(" \t\"'“”‘’*_#")
    if any(opening.fullmatch(bare) for opening in (_ADDRESS, *_OPENINGS)):
        return False
    return len(split_sentences(Article("", line))) == 1


def read_article(source: str | Path, *, title: bool | str = True) -> Article:
    r"""Read an article from a text file, from standard input (`-`), or from the text itself.

    A string with a line break is text; any other string is a path.

    Parameters
    ----------
    title
        Whether a first line that reads like a title (`find_title`) is the title; or the
        title itself. It becomes the topic.

    Raises
    ------
    KitError
        When the file cannot be read, is not text, or has nothing but white space.

    Examples
    --------
    >>> article = read_article("Fish war\n\nIceland sent ships.")
    >>> article.topic, article.id
    ('Fish war', 'article')
    """
    if isinstance(source, str) and "\n" in source:
        name, text = "article", source
    else:
        standard_input = str(source) == "-"
        name = "article" if standard_input else Path(source).stem
        text = read_text(sys.stdin.buffer if standard_input else Path(source))
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        shown = "the article" if name == "article" else source
        raise KitError(f"{shown} holds no text; give one with a sentence in it")
    return add_title(Article(name, text, source=name), title=title)


def add_title(article: Article, *, title: bool | str = True) -> Article:
    r"""Return an article with its title as its topic; an article with a topic keeps it.

    Parameters
    ----------
    title
        Whether a first line that reads like a title is the title; or the title itself.

    Examples
    --------
    >>> add_title(Article("a", "Fish war\n\nIceland sent ships.")).topic
    'Fish war'
    >>> add_title(Article("a", "Fish war\n\nIceland sent ships."), title=False).topic
    ''
    """
    if article.topic or title is False:
        return article
    if isinstance(title, str):
        return replace(article, topic=title.strip())
    title_and_end = find_title(article.text)
    if title_and_end is None:
        return article
    return replace(article, topic=clean(title_and_end[0]).text)


def make_examples(
    article: Article,
    finder: ActorFinder,
    targets: str | Sequence[Any] = (),
    *,
    actor: str = "",
    speaker: str = "",
) -> list[Example]:
    r"""Return one example per sentence, actor and target, in reading order.

    Without `targets`, they are those of `ask_pairs`. An actor that a sentence names twice
    counts once, whatever words name it.

    Parameters
    ----------
    targets
        The targets to ask about; one string is one target.
    actor
        The actor of every sentence; no other actor is looked for.
    speaker
        Who speaks: an actor of every sentence beside those that it names, and what "we", "I" or
        "my delegation" stand for. An ISO 3166 alpha-3 code is a state.

    Examples
    --------
    >>> article = read_article("Fish war\n\nIceland refused. The Kremlin shrugged.")
    >>> examples = make_examples(article, ActorFinder(ner=False))
    >>> [(example.id, example.actor.name, example.target.name) for example in examples]
    [('article.1.0', 'Iceland', 'Fish war'), ('article.2.0', 'Russia', 'Fish war')]
    >>> article = Article("a", "We like Chile, and Chile likes us.")
    >>> examples = make_examples(article, ActorFinder(ner=False), speaker="PER")
    >>> [(example.actor.name, example.actor.start, example.target.name) for example in examples]
    [('Peru', 0, 'Chile'), ('Chile', 8, 'Peru')]
    """
    sentences = split_body(article)
    mentions = finder.find([sentence.text for sentence in sentences])
    crowded = 0 if targets else count_sentences(mentions).crowded
    if crowded:
        log.warning(
            "%s: in %d sentences with more than %d actors, stances of actors towards each "
            "other are not looked for; name the targets you ask about",
            article.id,
            crowded,
            MOST_ACTORS,
        )
    whose = make_speaker(speaker, finder.names) if speaker else None
    pairs = ask_pairs(article, sentences, mentions, targets, actor=actor, speaker=whose)
    return [pair.example for pair in pairs]


@dataclass(frozen=True, slots=True)
class SentenceCounts:
    """Numbers of sentences of an article.

    Attributes
    ----------
    sentences
        All sentences after the title.
    without_actor
        Those in which no actor is found. They have no example.
    crowded
        Those with more than `MOST_ACTORS` actors, which are not targets of each other.
    """

    sentences: int
    without_actor: int
    crowded: int


def count_sentences(
    mentions: Sequence[Sequence[Mention]], *, everywhere: str = ""
) -> SentenceCounts:
    """Count the sentences of an article from the actors of each.

    Parameters
    ----------
    mentions
        The actors of each sentence.
    everywhere
        An actor of every sentence, if there is one: the only one, or who speaks.

    Examples
    --------
    >>> count_sentences([[], [Mention("Peru", 0, 4)]])
    SentenceCounts(sentences=2, without_actor=1, crowded=0)
    """
    sizes = [len(merge_names(in_sentence)) for in_sentence in mentions]
    without_actor = 0 if everywhere else sizes.count(0)
    crowded = sum(size > MOST_ACTORS for size in sizes)
    return SentenceCounts(len(sizes), without_actor, crowded)


def split_body(article: Article, *, whole: bool = False) -> list[Sentence]:
    """Return the sentences after the title.

    They are all sentences, unless the first line of the text is the article's topic.

    Parameters
    ----------
    whole
        Whether the text is one unit as it is, which is not divided.
    """
    if whole:
        start = len(article.text) - len(article.text.lstrip())
        return [Sentence(f"{article.id}.0", article.id, start, article.text.strip())]
    title = clean(article.topic).text.strip()
    first_line = _FIRST_LINE.match(article.text)
    start = 0
    if first_line and title:
        opening = clean(first_line["line"]).text.strip()
        if opening.casefold() == title.casefold():
            start = first_line.end("line")
    return [sentence for sentence in split_sentences(article) if sentence.start >= start]
