"""Read an article, and make of it the examples that a model labels."""

import logging
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stancekit.errors import KitError
from stancekit.text.actors.finder import ActorFinder
from stancekit.text.clean import CleanText, clean
from stancekit.text.sentences import split_sentences
from stancekit.text.targets import MOST_ACTORS, Targets, make_mention, make_topic
from stancekit.types import Article, Example, Mention, Sentence, as_list

# A first line with a blank line behind it, and a text behind that.
_FIRST_PARAGRAPH = re.compile(r"\s*(?P<line>[^\n]*\S)[^\S\n]*\n[^\S\n]*\n\s*\S")
MAX_TITLE_LENGTH = 200

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\.?"
)
_DATE = (
    rf"(?:(?:\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH}|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?)(?:,?\s+\d{{4}})?|"
    r"\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4})"
)
_PERSONAL = (
    r"(?:mr|mrs|ms|mx|miss|madam|madame|mme|sir|dr|prof|professor|monsieur|ambassador|judge)\.?"
)
_OFFICE = (
    r"(?:the\s+)?(?:(?:acting|deputy|vice)[\s-]+)?(?:president|chair(?:man|woman|person)?|speaker|rapporteur|moderator|"
    r"secretary(?:[- ]general)?|commissioner|minister)"
)
# All words of a line that addresses an audience: "Thank you, Madam Chair, distinguished members of
# the Council".
_ADDRESS = re.compile(
    rf"(?:(?:{_PERSONAL}|{_OFFICE}|thank|thanks|you|very|so|much|good|morning|afternoon|evening|day|hello|greetings|dear|"
    r"esteemed|distinguished|honou?rable|respected|your|my|fellow|excellenc(?:y|ies)|majest(?:y|ies)|highness(?:es)?|"
    r"ladies|gentlemen|colleagues?|delegates?|members?|representatives?|ministers?|ambassadors?|friends?|comrades?|"
    r"citizens|compatriots|brothers|sisters|guests|sirs?|editor|everyone|everybody|all|and|to|of|the|this|assembly|"
    r"council|committee|conference|parliament|house|congress|heads?|states?|governments?)(?=[\s,;!–—-]|$)[\s,;!–—-]*+)++",
    re.IGNORECASE,
)
_NAME = r"(?-i:[A-Z][\w.'’-]*|de|van|von|der|al|bin|and)"
# Lines that open a speech, a dispatch or a record, and name nothing that it is about.
_OPENINGS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # who speaks, or is spoken to: "Mr. OSEI (Ghana)", "The PRESIDENT (spoke in Spanish)", "Dear
        # Mr. Osei"
        rf"(?:dear\s+)?{_PERSONAL}(?:\s+{_NAME}){{1,4}}(?:\s*\(.*\))?",
        rf"{_OFFICE}(?:\s*\(.*\))?",
        # where, when and by whom: "GENEVA, 12 May 2020 (Agency)", "DAKAR (Agency) -", "By Ama Osei"
        rf"(?:[^\d,]{{2,40}}[,–—-]\s*)?(?:\w+day,?\s+)?{_DATE}(?:\s*[(–—-].{{0,40}})?",
        r"(?-i:(?:[A-Z][\w.'’-]*\s+){1,4})\([\w /]+\)\s*[-–—]",
        rf"by(?:\s+{_NAME}){{1,8}}",
        # the symbol of a document: "A/73/PV.12"
        r"\S*/\S*",
    )
)
_LISTED = re.compile(r"[-*•‣▪◦·–—]\s|\(?\d{1,3}[.)]\s|\([a-z]+\)\s")


def find_title(text: str) -> tuple[str, int] | None:
    r"""Return the title of a text and where it ends, or None for a text without one.

    A title is a first line with a blank line behind it that reads like one. It has words, at most
    200 characters, and no full stop, colon or comma at its end; it is one sentence, no item of a
    list, and does not open a speech, a dispatch or a record: salutations ("Mr. President"),
    speakers ("Mr. OSEI (Ghana)"), datelines and bylines.

    Examples
    --------
    >>> find_title("Fish war\n\nIceland sent ships.")
    ('Fish war', 8)
    >>> print(find_title("Mr. President,\n\nPeru rejects it."), find_title("Peru rejected it.\n\nGhana did not."))
    None None
    """
    found = _FIRST_PARAGRAPH.match(text)
    if not found:
        return None
    line = clean(found["line"]).text.strip()
    return (found["line"], found.end("line")) if _reads_like_one(line) else None


def _reads_like_one(line: str) -> bool:
    if len(line) > MAX_TITLE_LENGTH or not any(
        len(word) > 1 and word.isalpha() for word in re.split(r"[\W_]", line)
    ):
        return False
    if line.rstrip("\"'”’»›)]}")[-1:] in ".!?…。！？,;:" or _LISTED.match(line):
        return False
    bare = line.strip(" \t\"'“”‘’*_#")
    if any(opening.fullmatch(bare) for opening in (_ADDRESS, *_OPENINGS)):
        return False
    return len(split_sentences(Article("", line))) == 1


log = logging.getLogger(__name__)
# The first line of a text, and a text behind it.
_FIRST_LINE = re.compile(r"\s*(?P<line>\S[^\n\r]*)[\n\r]\s*\S")


def read_article(source: str | Path, *, title: bool | str = True) -> Article:
    r"""Read an article from a text file, from standard input (`-`), or from the text itself.

    A string with a line break in it is text, any other string is a path.

    Parameters
    ----------
    title
        Whether a first line that reads like a title (`titles.find_title`) is one; or the title. It
        becomes the topic.

    Raises
    ------
    KitError
        If the file cannot be read, is not UTF-8, or holds nothing but white space.

    Examples
    --------
    >>> article = read_article("Fish war\n\nIceland sent ships.")
    >>> article.topic, article.id
    ('Fish war', 'article')
    """
    if isinstance(source, str) and "\n" in source:
        name, text = "article", source
    elif str(source) == "-":
        name, text = "article", _decode(sys.stdin.buffer.read(), "standard input")
    else:
        name, text = Path(source).stem, _decode(_read_file(Path(source)), str(source))
    if not text.strip():
        raise KitError(
            f"{source if name != 'article' else 'the article'} holds no text; give one with a sentence in it"
        )
    return add_title(Article(name, text, source=name), title=title)


def add_title(article: Article, *, title: bool | str = True) -> Article:
    r"""Return an article with its title as topic, if it has no topic yet.

    Parameters
    ----------
    title
        Whether a first line that reads like a title is one; or the title.

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
    found = find_title(article.text)
    return replace(article, topic=clean(found[0]).text) if found else article


def make_examples(
    article: Article, finder: ActorFinder, targets: str | Sequence[Any] = (), *, speaker: str = ""
) -> list[Example]:
    r"""Return one example per sentence, actor and target, in reading order.

    Without `targets` a stance is read towards the article's topic and towards the other actors of
    the sentence. An actor named twice in a sentence counts once, whatever it is called. With a
    `speaker`, every sentence is read for what that actor says, and for no other.

    Examples
    --------
    >>> article = read_article("Fish war\n\nIceland sent ships. The Kremlin shrugged.")
    >>> examples = make_examples(article, ActorFinder(ner=False))
    >>> [(example.id, example.actor.name, example.target.name) for example in examples]
    [('article.1.0', 'Iceland', 'Fish war'), ('article.2.0', 'Russia', 'Fish war')]
    """
    sentences = split_body(article)
    found = finder.find([sentence.text for sentence in sentences])
    if crowded := count_sentences(found).crowded * (not targets):
        log.warning(
            "%s: in %d sentences with more than %d actors, stances of actors towards each other are not looked for; "
            "name the targets you ask about",
            article.id,
            crowded,
            MOST_ACTORS,
        )
    return pair_mentions(article, sentences, found, targets, speaker=speaker)


def pair_mentions(
    article: Article,
    sentences: Sequence[Sentence],
    found: Sequence[Sequence[Mention]],
    targets: str | Sequence[Any] = (),
    *,
    speaker: str = "",
) -> list[Example]:
    """Return the examples of an article whose sentences and actors are known.

    The text of an example is its sentence as a reader sees it (`clean`), and so are the offsets of
    actor and target: a model reads the same words whether or not lines were broken in them.
    """
    topic, given = make_topic(article), as_list(targets)
    examples = []
    for sentence, mentions in zip(sentences, found, strict=True):
        seen = clean(sentence.text)
        actors = [_visible(one, seen) for one in _canonical(mentions)]
        asked = Targets(seen.text, actors, given=given, topic=topic)
        pairs = (
            (actor, target)
            for actor in ([make_mention(speaker, seen.text)] if speaker else actors)
            for target in asked.of(actor)
        )
        for k, (actor, target) in enumerate(pairs):
            examples.append(Example(f"{sentence.id}.{k}", seen.text, actor, target, article.id))
    return examples


@dataclass(frozen=True, slots=True)
class SentenceCounts:
    """How many sentences of an article there are, and what of them no example speaks of.

    Attributes
    ----------
    sentences
        All sentences behind the title.
    without_actor
        Those in which no actor was found, and which no example is made of.
    crowded
        Those with more than `MOST_ACTORS` actors, who are not read for their stances towards each
        other.
    """

    sentences: int
    without_actor: int
    crowded: int


def count_sentences(found: Sequence[Sequence[Mention]], *, speaker: str = "") -> SentenceCounts:
    """Count the sentences that were passed by, from the actors of each.

    Examples
    --------
    >>> count_sentences([[], [Mention("Peru", 0, 4)]])
    SentenceCounts(sentences=2, without_actor=1, crowded=0)
    """
    actors = [_canonical(mentions) for mentions in found]
    without_actor = 0 if speaker else sum(not of for of in actors)
    return SentenceCounts(len(actors), without_actor, sum(len(of) > MOST_ACTORS for of in actors))


def split_body(article: Article) -> list[Sentence]:
    """Return the sentences behind the title: all of them, if the text does not open with the line that is its topic."""
    title, first = clean(article.topic).text.strip(), _FIRST_LINE.match(article.text)
    opens = first and title and clean(first["line"]).text.strip().casefold() == title.casefold()
    start = first.end("line") if first and opens else 0
    return [sentence for sentence in split_sentences(article) if sentence.start >= start]


def _visible(found: Mention, seen: CleanText) -> Mention:
    """Return a mention with its offsets in the clean text."""
    if found.start is None or found.end is None:
        return found
    start, end = seen.to_clean(found.start, found.end)
    return replace(found, start=start, end=end)


def _canonical(mentions: Iterable[Mention]) -> list[Mention]:
    return list({mention.name: mention for mention in reversed(list(mentions))}.values())[::-1]


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise KitError(f"cannot read {path}: {why}; give the path of a text file") from None


def _decode(data: bytes, name: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise KitError(
            f"{name} is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}. "
            "If it was written on Windows, convert it: iconv -f CP1252 -t UTF-8"
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")
