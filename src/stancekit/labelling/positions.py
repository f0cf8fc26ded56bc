"""Who stands where: the sentences in which actors take positions towards targets; and how often codes occur."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from stancekit.errors import KitError, listing, printable
from stancekit.labelling.row_format import (
    SET_ASIDE,
    LabelledCodebook,
    LabelRow,
    row_id,
    sentence_id,
)
from stancekit.text.targets import name_key
from stancekit.views import DataFrame

# Whom these mean depends on who speaks, and so on the article.
_SPEAKER_WORDS = re.compile(r"i|we|us|he|she|they|(?:my|our|his|her|their|this)\b.*")


@dataclass(frozen=True, slots=True)
class CodedSentence:
    """A sentence that has a code: the id and the place of its row, its text, and the code's score."""

    id: str
    sentence: str
    article: str
    start: int | None
    text: str
    score: float


@dataclass(slots=True)
class Position:
    """The sentences in which an actor takes some position towards a target.

    Attributes
    ----------
    actor, target
        Their names as most rows write them.
    sentences
        By code, the most certain first.
    n
        The number of sentences.
    contradictory
        Whether codes of both ends of the scale occur.
    """

    actor: str
    target: str
    sentences: dict[str, list[CodedSentence]]
    n: int
    contradictory: bool

    @property
    def most_frequent(self) -> tuple[str, ...]:
        """Return the code of most sentences, or several where as many have each."""
        most = max(len(some) for some in self.sentences.values())
        return tuple(code for code, some in self.sentences.items() if len(some) == most)


@dataclass(slots=True)
class _Pair:
    """What is collected of an actor and a target."""

    actors: Counter[str] = field(default_factory=Counter)
    targets: Counter[str] = field(default_factory=Counter)
    # By code and sentence: a sentence may name an actor several times, and counts once.
    found: dict[str, dict[str, CodedSentence]] = field(default_factory=dict)


class Positions:
    """Collects the positions of a codebook whose codes are towards a target, row by row.

    Rows that were set aside as too uncertain, and rows of the code that means no position,
    are left out.
    """

    def __init__(self, codebook: LabelledCodebook) -> None:
        self.codebook = codebook
        self._pairs: dict[tuple[str, str], _Pair] = {}

    def add(self, row: LabelRow) -> None:
        """Count a row."""
        codes = self.codebook.applied_codes(row)
        if not codes or row.get(SET_ASIDE):
            return
        pair = self._pairs.setdefault((actor_key(row), target_key(row)), _Pair())
        pair.actors[str(row.get("actor") or "")] += 1
        pair.targets[str(row.get("target") or "")] += 1
        scores = self.codebook.scores(row)
        sentence = sentence_id(row)
        for code in codes:
            coded = CodedSentence(
                row_id(row),
                sentence,
                str(row.get("article") or ""),
                row.get("start"),
                str(row.get("sentence") or ""),
                float(scores.get(code, 0)),
            )
            sentences = pair.found.setdefault(code, {})
            before = sentences.get(sentence)
            if before is None or before.score < coded.score:
                sentences[sentence] = coded

    def list(self) -> list[Position]:
        """Return all positions, those of most sentences first."""
        positions = [self._finish(pair) for pair in self._pairs.values()]
        positions.sort(key=lambda each: (-each.n, not each.contradictory, each.actor, each.target))
        return positions

    def _finish(self, pair: _Pair) -> Position:
        sentences = {
            code: sorted(pair.found[code].values(), key=lambda each: -each.score)
            for code in self.codebook.order(pair.found)
        }
        names = {sentence for some in pair.found.values() for sentence in some}
        scale = self.codebook.scale
        ends = {scale[0], scale[-1]} if len(scale) > 1 else set()
        return Position(
            pair.actors.most_common(1)[0][0],
            pair.targets.most_common(1)[0][0],
            sentences,
            len(names),
            contradictory=bool(ends) and ends <= set(sentences),
        )


def actor_key(row: LabelRow) -> str:
    """Return what makes actors the same: the code of a country, else the name in any letter case.

    Words such as "we" and "our Government" are the same actor within an article alone.

    Examples
    --------
    >>> actor_key({"actor": "Lima", "actor_code": "PER"}), actor_key({"actor": "The Union"})
    ('PER', 'union')
    >>> actor_key({"actor": "our Group", "article": "a7"})
    'our group in a7'
    """
    return str(row.get("actor_code") or "") or _local_key(row, "actor")


def target_key(row: LabelRow) -> str:
    """Return what makes targets the same: the name in any letter case, with or without an article."""
    return _local_key(row, "target")


def _local_key(row: LabelRow, role: str) -> str:
    key = name_key(row.get(role))
    return f"{key} in {row.get('article')}" if _SPEAKER_WORDS.fullmatch(key) else key


class CodeCounts:
    """Counts how many units have each code of a codebook, row by row; a sentence counts once."""

    def __init__(self, codebook: LabelledCodebook) -> None:
        self.codebook = codebook
        self.counts: Counter[str] = Counter()
        self.n = 0
        self._last = ""

    def add(self, row: LabelRow) -> None:
        """Count a row. All rows of a sentence follow each other."""
        if row.get(SET_ASIDE) or not self.codebook.scores(row):
            return
        if self.codebook.unit == "sentence":
            sentence = sentence_id(row)
            if sentence == self._last:
                return
            self._last = sentence
        self.n += 1
        self.counts.update(set(self.codebook.scores(row)).intersection(self.codebook.codes(row)))

    def list(self) -> list[tuple[str, int]]:
        """Return each code that occurs and its number, the most frequent first."""
        return sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))


@dataclass(frozen=True, slots=True)
class Summary:
    """What labels come to: positions of each codebook that is towards a target, and counts of the others."""

    positions: dict[str, list[Position]]
    counts: dict[str, CodeCounts]


def summarise(rows: Iterable[LabelRow], codebooks: Mapping[str, LabelledCodebook]) -> Summary:
    """Read rows once, and return what they come to."""
    positions = {name: Positions(book) for name, book in codebooks.items() if book.towards}
    counts = {name: CodeCounts(book) for name, book in codebooks.items() if not book.towards}
    collectors: list[Positions | CodeCounts] = [*positions.values(), *counts.values()]
    for row in rows:
        for collector in collectors:
            collector.add(row)
    return Summary({name: each.list() for name, each in positions.items()}, counts)


def position_codes(positions: Sequence[Position], codebook: LabelledCodebook) -> list[str]:
    """Return the codes of a table of positions: the whole scale, then others that occur."""
    others = {code for position in positions for code in position.sentences}
    return codebook.order(others | set(codebook.scale) - {codebook.absent})


def positions_frame(positions: Sequence[Position], codebook: LabelledCodebook) -> DataFrame:
    """Return positions as a table, one row per actor and target."""
    import pandas as pd

    codes = position_codes(positions, codebook)
    others = ("actor", "target", "sentences", "most_frequent", "contradictory")
    prefix = f"{codebook.name}_" if set(others).intersection(codes) else ""
    cells = {
        "actor": [position.actor for position in positions],
        "target": [position.target for position in positions],
    }
    for code in codes:
        numbers = [len(position.sentences.get(code, ())) for position in positions]
        cells[f"{prefix}{code}"] = pd.Series(numbers, dtype=int)
    cells["sentences"] = pd.Series([position.n for position in positions], dtype=int)
    cells["most_frequent"] = ["; ".join(position.most_frequent) for position in positions]
    flags = [position.contradictory for position in positions]
    return pd.DataFrame(cells | {"contradictory": pd.Series(flags, dtype=bool)})


def counts_frame(counts: CodeCounts) -> DataFrame:
    """Return how many units have each code as a table, the most frequent first."""
    import pandas as pd

    listed = counts.list()
    unit = "sentences" if counts.codebook.unit == "sentence" else "rows"
    return pd.DataFrame(
        {
            counts.codebook.name: [code for code, _ in listed],
            unit: pd.Series([n for _, n in listed], dtype=int),
            "share": pd.Series([n / counts.n for _, n in listed], dtype=float),
        }
    )


def rows_of(role: str, name: str, rows: Sequence[LabelRow]) -> list[LabelRow]:
    """Return the rows of an actor or a target, by any of its names."""
    key_of = actor_key if role == "actor" else target_key
    keys = {key_of(row) for row in rows if name_key(row.get(role)) == name_key(name)}
    chosen = [row for row in rows if key_of(row) in keys]
    if not chosen:
        names = list(dict.fromkeys(str(row.get(role)) for row in rows))
        close = get_close_matches(str(name), names, 1)
        near = f"; is {close[0]!r} meant?" if close else ""
        raise KitError(
            f"no sentence has a position of {role} {printable(name, most=60)!r}{near} "
            f"There are: {listing(names) or 'none'}"
        )
    return chosen
