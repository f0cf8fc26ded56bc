"""Read an article, and make of it the examples that a model labels."""

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from stancekit.errors import KitError
from stancekit.text.actors import ActorFinder
from stancekit.text.locate import mention
from stancekit.text.sentences import split_sentences
from stancekit.text.targets import find_targets, topic_of
from stancekit.types import Article, Example, Mention, Sentence

_TITLE = re.compile(r"\s*(?P<title>[^\n]*\S)[^\S\n]*\n[^\S\n]*\n")


def read_article(source: str | Path) -> Article:
    r"""Read an article from a text file, from standard input (`-`), or from the text itself.

    A first line with a blank line behind it is the title, and becomes the topic. A string with a
    line break in it is text, any other string is a path.

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
        name, text = Path(source).stem, _decode(_read(Path(source)), str(source))
    if not text.strip():
        raise KitError(
            f"{source if name != 'article' else 'the article'} holds no text; give one with a sentence in it"
        )
    return titled(Article(name, text, source=name))


def titled(article: Article) -> Article:
    r"""Return an article with its first line as topic, if a blank line is behind it and it has no topic yet.

    Examples
    --------
    >>> titled(Article("a", "Fish war\n\nIceland sent ships.")).topic
    'Fish war'
    """
    title = None if article.topic else _TITLE.match(article.text)
    return replace(article, topic=title["title"]) if title else article


def make_examples(
    article: Article, finder: ActorFinder, targets: Sequence[str] = (), *, speaker: str = ""
) -> list[Example]:
    r"""Return one example per sentence, actor and target, in reading order.

    Without `targets` a stance is read towards the article's topic and towards the other actors of
    the sentence. An actor named twice in a sentence counts once, whatever it is called. With a `speaker`, every
    sentence is read for what that actor says, and for no other.

    Examples
    --------
    >>> article = read_article("Fish war\n\nIceland sent ships. The Kremlin shrugged.")
    >>> examples = make_examples(article, ActorFinder(ner=False))
    >>> [(example.id, example.actor.name, example.target.name) for example in examples]
    [('article.1.0', 'Iceland', 'Fish war'), ('article.2.0', 'Russia', 'Fish war')]
    """
    sentences = body(article)
    found = finder.find([sentence.text for sentence in sentences])
    return examples_in(article, sentences, found, targets, speaker=speaker)


def examples_in(
    article: Article,
    sentences: Sequence[Sentence],
    found: Sequence[Sequence[Mention]],
    targets: Sequence[str] = (),
    *,
    speaker: str = "",
) -> list[Example]:
    """Return the examples of an article whose sentences and actors are known."""
    topic = topic_of(article)
    examples = []
    for sentence, mentions in zip(sentences, found, strict=True):
        actors = _canonical(mentions)
        pairs = (
            (actor, target)
            for actor in ([mention(speaker, sentence.text)] if speaker else actors)
            for target in find_targets(sentence.text, actor, actors, given=targets, topic=topic)
        )
        for k, (actor, target) in enumerate(pairs):
            examples.append(Example(f"{sentence.id}.{k}", sentence.text, actor, target, article.id))
    return examples


def body(article: Article) -> list[Sentence]:
    """Return the sentences behind the title."""
    title = _TITLE.match(article.text)
    start = title.end("title") if title and title["title"] == article.topic else 0
    return [sentence for sentence in split_sentences(article) if sentence.start >= start]


def _canonical(mentions: Iterable[Mention]) -> list[Mention]:
    return list({mention.name: mention for mention in reversed(list(mentions))}.values())[::-1]


def _read(path: Path) -> bytes:
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
