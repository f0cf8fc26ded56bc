"""The syntax of sentences: their words as plain values, and their noun phrases."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import category

import numpy as np

from stancekit.text.datelines import dateline_end
from stancekit.text.nlp import bounded_memory, load_parser, one_thread
from stancekit.text.parts import WordKinds, word_kinds
from stancekit.text.targets import target_words
from stancekit.types import Mention

if TYPE_CHECKING:
    from spacy.tokens import Doc

# Sentences that the parser reads together.
SENTENCES_AT_ONCE = 128
# Tokens in one piece: no sentence is that long, but a text without full stops may be.
LONGEST_PARSED = 2000
# Words on the way from a word to the root of its sentence; after that, a list goes on and on.
LONGEST_WAY = 40
# Relations of a name to the noun that says what it is.
_APPOSED = frozenset(["appos", "compound", "nmod"])
# Between a name and the body that its bearer is of.
_OF_BODY = frozenset(["of", "from", "for", "at"])
# Where a verb in -ing names an act: "criticised siding with them", "siding with them is wrong".
_NAMED_ACTS = frozenset(["csubj", "csubjpass", "pcomp", "nsubj", "dobj"])
# What heads a noun phrase, and the roles that such a phrase has.
_PHRASE_HEADS = frozenset(["NOUN", "PROPN", "PRON"])
_PHRASE_ROLES = frozenset(
    ["oprd", "nsubj", "dobj", "nsubjpass", "pcomp", "pobj", "dative", "appos", "attr", "ROOT"]
)
# Verbs of which a number can be the subject: "eleven abstained".
_FINITE = frozenset(["VBD", "VBP", "VBZ", "VBN"])


class Word(NamedTuple):
    """A word in small letters, with its place in the text and in the sentence's syntax.

    Attributes
    ----------
    head, children
        Places of the word that it hangs on, itself for a root, and of those that hang on it.
    tag, part, role
        Its fine and its coarse part of speech, and its relation to its head, as spaCy names them.
    """

    place: int
    start: int
    end: int
    text: str
    head: int
    tag: str
    part: str
    role: str
    children: tuple[int, ...]
    capital: bool


class Phrase(NamedTuple):
    """A mention with its words: from the place of the first to that after the last, and the head."""

    mention: Mention
    first: int
    last: int
    head: Word


class ParsedSentence:
    """A sentence with its syntax, and the noun phrases that can be a target.

    Examples
    --------
    >>> [sentence] = parse_sentences(["Peru voted against the new draft on whaling."])
    >>> [phrase.name for phrase in sentence.phrases]
    ['Peru', 'new draft', 'whaling']
    >>> draft = sentence.phrase(sentence.phrases[1])
    >>> draft.head.text, [word.text for word in sentence.way(draft.head)]
    ('draft', ['draft', 'against', 'voted'])
    """

    def __init__(self, words: Sequence[Word], phrases: Sequence[Mention]) -> None:
        self.words = words
        self.phrases = phrases
        self._starts = [word.start for word in words]
        self._ways: dict[int, list[Word]] = {}
        self._roots: dict[tuple[int, int], Word] = {}

    def phrase(self, mention: Mention) -> Phrase | None:
        """Return a mention with its words, `None` without a span or outside what was parsed."""
        if mention.start is None or mention.end is None or not self.words:
            return None
        first = max(bisect_right(self._starts, mention.start) - 1, 0)
        last = bisect_right(self._starts, mention.end - 1)
        if first >= last or self.words[last - 1].end <= mention.start:
            return None
        if (first, last) not in self._roots:
            self._roots[first, last] = self._root(first, last)
        return Phrase(mention, first, last, self._roots[first, last])

    def way(self, word: Word) -> list[Word]:
        """Return the words from a word to the root of its sentence, both included."""
        if word.place not in self._ways:
            way = [word]
            while way[-1].head != way[-1].place and len(way) < LONGEST_WAY:
                way.append(self.words[way[-1].head])
            self._ways[word.place] = way
        return self._ways[word.place]

    def head(self, word: Word) -> Word:
        """Return the word that a word hangs on, itself for a root."""
        return self.words[word.head]

    def speaks_for(self, phrase: Mention, other: Mention) -> bool:
        """Say whether a phrase stands for another: "the representative of Peru", "the charity Warm Homes"."""
        whole, part = self.phrase(phrase), self.phrase(other)
        if whole is None or part is None:
            return False
        for one, beside in ((whole.head, part.head), (part.head, whole.head)):
            if one.head == beside.place and one.role in _APPOSED:
                return True
        if whole.head.text not in target_words()["for_others"]:
            return False
        way = [word.place for word in self.way(part.head)[1:3]]
        return whole.head.place in way

    def names_voice(self, name: Mention, other: Mention) -> bool:
        """Say whether a name is that of who speaks for another: "Peru's envoy, Ana Ruiz", "Ana Ruiz, envoy of Peru".

        Examples
        --------
        >>> [sentence] = parse_sentences(["Peru's envoy, Ana Ruiz, left."])
        >>> sentence.names_voice(Mention("Ana Ruiz", 14, 22), Mention("Peru", 0, 4))
        True
        """
        whole, part = self.phrase(name), self.phrase(other)
        if whole is None or part is None:
            return False
        # "Peru's envoy", "the envoy of Peru", or "a Peruvian colleague".
        above = self.way(part.head)[1:3]
        offices = [word for word in above if word.text in target_words()["for_others"]]
        if not part.head.capital:
            offices.append(part.head)
        return any(
            one.head == beside.place != one.place and one.role in _APPOSED
            for office in offices
            for one, beside in ((whole.head, office), (office, whole.head))
        )

    def is_of(self, name: Mention, other: Mention) -> bool:
        """Say whether a name stands with the body that its bearer is of: "Ana Ruiz of the Harbour League".

        Examples
        --------
        >>> [sentence] = parse_sentences(["Ana Ruiz of the Harbour League left."])
        >>> sentence.is_of(Mention("Ana Ruiz", 0, 8), Mention("Harbour League", 16, 30))
        True
        """
        whole, part = self.phrase(name), self.phrase(other)
        if whole is None or part is None or whole.head.tag != "NNP" or " " not in name.name:
            return False
        way = self.way(part.head)
        # "of the charity Warm Homes"
        way = way[1:] if part.head.role in _APPOSED else way
        if len(way) < 2 or way[0].role != "pobj":
            return False
        return way[1].text in _OF_BODY and way[1].head == whole.head.place

    def is_count(self, phrase: Mention) -> bool:
        """Say whether a phrase only counts voters: "with twelve members in favour", not "twelve members left"."""
        whole = self.phrase(phrase)
        if whole is None or whole.head.text not in target_words()["counted"]:
            return False
        beside = whole.first and self.words[whole.first - 1].text == "with"
        if whole.head.role == "nsubj" and self.head(whole.head).tag != "VBG" and not beside:
            return False
        return any(word.tag == "CD" for word in self.words[whole.first : whole.last])

    def is_ones_own(self, phrase: Mention) -> bool:
        """Say whether a phrase stands for somebody that a pronoun means: "her delegation"."""
        whole = self.phrase(phrase)
        if whole is None or whole.head.text not in target_words()["for_others"]:
            return False
        return any(word.tag == "PRP$" for word in self.children(whole.head))

    def children(self, word: Word) -> Iterator[Word]:
        """Yield the words that hang on a word."""
        return (self.words[place] for place in word.children)

    def _root(self, first: int, last: int) -> Word:
        """Return the word of a phrase that is nearest to the root of the sentence."""
        outer = []
        for word in self.words[first:last]:
            if word.head == word.place or not first <= word.head < last:
                outer.append(word)
        return min(outer, key=lambda word: len(self.way(word)))


def parse_sentences(texts: Sequence[str]) -> list[ParsedSentence]:
    """Parse sentences behind their datelines, and find their noun phrases, without articles and pronouns.

    Offsets are those of the texts.

    Examples
    --------
    >>> [sentence] = parse_sentences(["They criticised siding with Chad."])
    >>> [phrase.name for phrase in sentence.phrases]
    ['siding with Chad', 'Chad']
    """
    parser, kinds = load_parser(), word_kinds()
    # spaCy keeps every word it has seen.
    with bounded_memory(parser), one_thread():
        pieces = []
        for text in texts:
            start = dateline_end(text)
            pieces.append(list(_cut(parser.tokenizer(text[start:]), start)))
        docs = [doc for of_sentence in pieces for _, doc in of_sentence]
        parsed = iter(list(parser.pipe(docs, batch_size=SENTENCES_AT_ONCE)))
        return [
            _read_parsed(text, [(start, next(parsed)) for start, _ in of_sentence], kinds)
            for text, of_sentence in zip(texts, pieces, strict=True)
        ]


def _cut(doc: "Doc", start: int) -> "Iterator[tuple[int, Doc]]":
    """Yield a sentence that begins at an offset in pieces that the parser has memory for, each with its own."""
    if len(doc) <= LONGEST_PARSED:
        yield start, doc
        return
    for first in range(0, len(doc), LONGEST_PARSED):
        yield start + doc[first].idx, doc[first : first + LONGEST_PARSED].as_doc()


def _read_parsed(
    text: str, pieces: "Iterable[tuple[int, Doc]]", kinds: WordKinds
) -> ParsedSentence:
    words: list[Word] = []
    phrases: list[Mention] = []
    for start, doc in pieces:
        before = len(words)
        words += _read_words(doc, text, before, start, kinds)
        for first, last in _noun_phrases(words, before, doc):
            phrases.append(Mention(text[first.start : last.end], first.start, last.end))
    return ParsedSentence(words, tuple(phrases))


def _read_words(doc: "Doc", text: str, before: int, start: int, kinds: WordKinds) -> Iterator[Word]:
    """Yield the words of a piece that begins after so many words, at an offset of a text."""
    # One array for all words: attributes of single tokens take most of the time otherwise.
    table = doc.to_array(["LOWER", "TAG", "DEP", "LENGTH", "SPACY", "HEAD"])
    # Heads are distances from the word, which are stored without a sign.
    heads = [place + step for place, step in enumerate(table[:, 5].astype(np.int64).tolist())]
    children: list[list[int]] = [[] for _ in heads]
    for place, head in enumerate(heads):
        if head != place:
            children[head].append(before + place)
    strings, offset, role_before = doc.vocab.strings, start, 0
    rows = zip(table[:, :5].tolist(), heads, children, strict=True)
    for place, ((lower, tag, role, length, space), head, below) in enumerate(rows):
        yield Word(
            before + place,
            offset,
            offset + length,
            strings[lower],
            before + head,
            *kinds.look_up(lower, tag, role, role_before),
            tuple(below),
            text[offset].isupper(),
        )
        offset += length + space
        role_before = role


def _noun_phrases(words: Sequence[Word], before: int, doc: "Doc") -> Iterator[tuple[Word, Word]]:
    """Yield first and last words of noun phrases, and of acts that a verb names: "siding with them".

    They are those of a piece that begins after so many words, as spaCy's `Doc.noun_chunks` has them,
    without articles, marks and pronouns. Numbers are some where they do something: "four of them left".
    """
    for word in words[before:]:
        if word.tag == "VBG" and word.role in _NAMED_ACTS:
            last = max([word, *_objects(words, word)])
            after = words[last.place + 1].text if last.place + 1 < len(words) else ""
            # "Speaking for Peru, she left" names no act.
            if word.place > before or after != ",":
                yield word, last
        if word.tag == "CD" and word.role == "nsubj" and words[word.head].tag in _FINITE:
            parts = [words[place] for place in word.children if words[place].role == "compound"]
            yield min([word, *parts]), max([word, *_objects(words, word)])
    determiners, pronouns = target_words()["determiners"], target_words()["pronouns"]
    taken = before - 1
    for word in words[before:]:
        if word.part not in _PHRASE_HEADS or not _heads_phrase(words, word):
            continue
        first = before + doc[word.place - before].left_edge.i
        # No phrase within another.
        if first <= taken:
            continue
        taken = word.place
        while first <= taken and (words[first].text in determiners or _is_mark(words[first].text)):
            first += 1
        if first < taken or (first == taken and word.text not in pronouns):
            yield words[first], word


def _heads_phrase(words: Sequence[Word], word: Word) -> bool:
    """Say whether a noun heads a phrase of its own, or is joined to one that does."""
    if word.role == "conj":
        word = words[word.head]
        while word.role == "conj" and word.head < word.place:
            word = words[word.head]
    return word.role in _PHRASE_ROLES


def _is_mark(word: str) -> bool:
    return all(category(sign).startswith("P") for sign in word)


def _objects(words: Sequence[Word], verb: Word) -> Iterator[Word]:
    for child in (words[place] for place in verb.children):
        if child.role == "dobj":
            yield child
        if child.role == "prep":
            below = (words[place] for place in child.children)
            yield from (word for word in below if word.role == "pobj")


class Spans:
    """The places that some mentions take in a text, asked about in little time however many they are.

    Examples
    --------
    >>> spans = Spans([Mention("Peru", 0, 4), Mention("Chad", 10, 14), Mention("Oman")])
    >>> spans.overlap(Mention("the envoy", 2, 8)), spans.overlap(Mention("and", 5, 8))
    (True, False)
    """

    def __init__(self, mentions: Iterable[Mention]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        spans = [(one.start, one.end) for one in mentions if one.located]
        for start, end in sorted((start or 0, end or 0) for start, end in spans):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def overlap(self, mention: Mention) -> bool:
        """Say whether a mention shares a character with one of them."""
        if mention.start is None or mention.end is None:
            return False
        return self.within(mention.start, mention.end)

    def within(self, start: int, end: int) -> bool:
        """Say whether one of them has a character between two offsets."""
        place = bisect_right(self._starts, end - 1) - 1
        return place >= 0 and self._ends[place] > start
