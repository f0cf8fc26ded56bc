"""Readers of public benchmarks that have formats of their own.

Their texts are not part of the kit, and are read from the user's copy.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stancekit.corpus.base import Corpus
from stancekit.corpus.files import split_lines
from stancekit.corpus.readers import TableCorpus
from stancekit.corpus.rows import RawRow
from stancekit.errors import KitError
from stancekit.fileio import read_text

_BRACKET = re.compile(r"\[([^\[\]]*)\]")


def unmark(
    text: str, marks: Mapping[str, tuple[str, str]]
) -> tuple[str, dict[str, tuple[int, int]]]:
    """Remove the marks from a sentence, and return it with the span of each role.

    Parameters
    ----------
    marks
        The opening and the closing mark of each role.

    Examples
    --------
    >>> marks = {"actor": ("<s>", "</s>"), "target": ("<t>", "</t>")}
    >>> unmark("<s>Peru</s> hit <t>Chile</t>.", marks)
    ('Peru hit Chile.', {'actor': (0, 4), 'target': (9, 14)})
    """
    roles = {mark: role for role, pair in marks.items() for mark in pair}
    pattern = "|".join(map(re.escape, roles))
    edges: dict[str, list[int]] = {}
    plain, position = "", 0
    for match in re.finditer(pattern, text):
        plain += text[position : match.start()]
        edges.setdefault(roles[match[0]], []).append(len(plain))
        position = match.end()
    spans = {role: (ends[0], ends[1]) for role, ends in edges.items() if len(ends) == 2}
    return plain + text[position:], spans


def _offset_columns(spans: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """Return spans as the columns of a row."""
    columns = {}
    for role, (start, end) in spans.items():
        columns[f"{role}_start"], columns[f"{role}_end"] = start, end
    return columns


class PlvPlover(TableCorpus):
    """PLOVER events between a marked source and target.

    Hu et al. (2024), "Leveraging Codebook Knowledge". The outputs of models in the upstream
    files (`penta_L*`, `root_L*`, `silver_*`) are never read.
    """

    _MARKS: Mapping[str, tuple[str, str]] = {"actor": ("<s>", "</s>"), "target": ("<t>", "</t>")}

    def _convert(self, row: RawRow) -> Iterable[RawRow]:
        plain, spans = unmark(str(row["marked_sentence"]), self._MARKS)
        yield {
            "text": plain,
            "actor": row["source"],
            "target": row["target"],
            **_offset_columns(spans),
            "gold_penta": row["gold_penta"],
            "gold_root": row["gold_root"],
        }


class DseNews(TableCorpus):
    """Directed sentiment between two bracketed entities of a news sentence.

    Park, Pan and Joo (2021), "Who Blames or Endorses Whom?". Every row becomes two
    examples, one for each direction; the direction that the label does not name is neutral.
    """

    # By the digit of a row: from the first entity to the second, and back.
    _CODES: Sequence[tuple[str, str]] = (
        ("neutral", "neutral"),
        ("positive", "neutral"),
        ("neutral", "positive"),
        ("negative", "neutral"),
        ("neutral", "negative"),
    )

    def _file_rows(self, file: Path) -> Iterator[tuple[int, RawRow]]:
        yield from enumerate(self._directions(file), 1)

    def _directions(self, file: Path) -> Iterator[RawRow]:
        for number, line in enumerate(split_lines(read_text(file)), 1):
            sentence, _, _, digit = (line.split("\t") + [""] * 4)[:4]
            # Rows are checked here, since a bad one would give offsets of other words.
            brackets = list(_BRACKET.finditer(sentence))
            if len(brackets) != 2 or digit not in "01234" or not digit:
                raise KitError(
                    f"{file}, line {number}: not a sentence with two [brackets] and a label 0 to 4"
                )
            plain = _BRACKET.sub(r"\1", sentence)
            # Two signs are removed before the second entity: the brackets of the first.
            spans = []
            for index, bracket in enumerate(brackets):
                start = bracket.start() - 2 * index
                spans.append((start, start + len(bracket[1])))
            first, second = spans
            there, back = self._CODES[int(digit)]
            for actor, target, label in ((first, second, there), (second, first, back)):
                yield {
                    "text": plain,
                    **_offset_columns({"actor": actor, "target": target}),
                    "actor": plain[slice(*actor)],
                    "target": plain[slice(*target)],
                    "label": label,
                }


class NewsMtsc(TableCorpus):
    """Sentiment towards a target in political news.

    Hamborg and Donnay (2021), "NewsMTSC". Training rows have several targets, with codes 2,
    4, 6 for negative, neutral, positive; the official dev and test files (`hf_*`) have one
    target per row, with codes -1, 0, 1.
    """

    _CODES: Mapping[float, str] = {2: "negative", 4: "neutral", 6: "positive"}
    _CODES_OF_ONE: Mapping[float, str] = {-1: "negative", 0: "neutral", 1: "positive"}

    def _convert(self, row: RawRow) -> Iterable[RawRow]:
        targets = row.get("targets")
        if targets is None:
            yield self._make_row(row["sentence"], row, self._CODES_OF_ONE)
            return
        for target in targets:
            yield self._make_row(row["sentence_normalized"], target, self._CODES)

    def _make_row(self, sentence: str, target: RawRow, codes: Mapping[float, str]) -> RawRow:
        return {
            "text": sentence,
            "target": target["mention"],
            "target_start": target["from"],
            "target_end": target["to"],
            "label": codes[float(target["polarity"])],
        }


class SemEval2016(Corpus):
    """Stance of tweets towards five targets, in TweetEval's files.

    Mohammad et al. (2016), "SemEval-2016 Task 6"; Barbieri et al. (2020), "TweetEval". There
    is a folder per target, with the texts and labels of train, val and test in files of
    their own.
    """

    without = ("files", "test_rows")
    _CODES: Sequence[str] = ("none", "condemn", "support")
    _TARGETS: Mapping[str, str] = {
        "abortion": "legalization of abortion",
        "atheism": "atheism",
        "climate": "climate change is a real concern",
        "feminist": "feminist movement",
        "hillary": "Hillary Clinton",
    }

    def raw_rows(self) -> Iterator[tuple[int, RawRow]]:
        """Yield rows with their numbers, counted from 1 over all targets and parts."""
        self.check()
        number = 0
        for name, target in self._TARGETS.items():
            folder = self.folder() / name
            for part in ("train", "val", "test"):
                texts = split_lines(read_text(folder / f"{part}_text.txt"))
                labels = split_lines(read_text(folder / f"{part}_labels.txt"))
                # A label belongs to the text on the same line: one line less shifts them all.
                if len(texts) != len(labels):
                    raise KitError(
                        f"{name}/{part}: {len(texts)} texts, {len(labels)} labels; copy the files "
                        "again"
                    )
                for text, label in zip(texts, labels, strict=True):
                    number += 1
                    code = self._CODES[int(label)]
                    yield number, {"text": text, "target": target, "split": part, "label": code}


class CcfFrames(TableCorpus):
    """Climate frames in Canadian news, several per unit of two sentences (Lemor et al.).

    The two files spell a label in two ways (`Eco Detection`, `Eco_Detection`) and have the
    language in two places. Labels that are not one of the eight frames are left out.

    Parameters
    ----------
    language
        The language of the texts to read.
    """

    _FRAMES = ("Eco", "Pbh", "Secu", "Just", "Pol", "Sci", "Envt", "Cult")

    def __init__(self, path: str | Path, *, language: str = "EN", **rest: Any) -> None:
        super().__init__(path, **rest)
        self.language = language

    def _convert(self, row: RawRow) -> Iterable[RawRow]:
        names = {f"{frame}{sign}Detection": frame for frame in self._FRAMES for sign in " _"}
        metadata: Mapping[str, Any] = row.get("meta") or {}
        if (row.get("language") or metadata.get("language")) != self.language:
            return
        source = row.get("media") or metadata.get("media")
        frames = sorted({names[label] for label in row["label"] if label in names})
        yield {"text": row["text"], "label": frames, "source": source}
