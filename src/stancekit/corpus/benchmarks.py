"""Readers of public benchmarks whose format no general reader covers. Their text is read where the user keeps it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stancekit.corpus.base import Corpus, decode, split_lines
from stancekit.corpus.readers import CsvCorpus, JsonlCorpus
from stancekit.corpus.rows import RawRow
from stancekit.errors import KitError

_BRACKET = re.compile(r"\[([^\[\]]*)\]")


def unmark(
    text: str, marks: Mapping[str, tuple[str, str]]
) -> tuple[str, dict[str, tuple[int, int]]]:
    """Take the marks out of a sentence, and return it with the span of each role.

    Examples
    --------
    >>> unmark("<s>Peru</s> hit <t>Chile</t>.", {"actor": ("<s>", "</s>"), "target": ("<t>", "</t>")})
    ('Peru hit Chile.', {'actor': (0, 4), 'target': (9, 14)})
    """
    signs = {sign: (role, side) for role, both in marks.items() for side, sign in enumerate(both)}
    pattern = "|".join(re.escape(sign) for sign in signs)
    spans: dict[str, list[int]] = {}
    plain, at = "", 0
    for found in re.finditer(pattern, text):
        plain += text[at : found.start()]
        role, _ = signs[found.group()]
        spans.setdefault(role, []).append(len(plain))
        at = found.end()
    return plain + text[at:], {
        role: (ends[0], ends[1]) for role, ends in spans.items() if len(ends) == 2
    }


class PlvPlover(CsvCorpus):
    """PLOVER events between a marked source and target (Hu et al. 2024, "Leveraging Codebook Knowledge").

    The upstream files' model outputs (`penta_L*`, `root_L*`, `silver_*`) are never read.
    """

    def _parse(self, text: str, file: Path) -> Iterable[RawRow]:
        for row in super()._parse(text, file):
            marks = {"actor": ("<s>", "</s>"), "target": ("<t>", "</t>")}
            plain, spans = unmark(str(row["marked_sentence"]), marks)
            kept = {"gold_penta": row["gold_penta"], "gold_root": row["gold_root"]}
            yield {
                "text": plain,
                "actor": row["source"],
                "target": row["target"],
                **_offsets(spans),
                **kept,
            }


def _offsets(spans: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    return {
        f"{role}_{side}": at
        for role, ends in spans.items()
        for side, at in zip(("start", "end"), ends, strict=True)
    }


class DseNews(CsvCorpus):
    """Directed sentiment between two bracketed entities (Park, Pan and Joo 2021, "Who Blames or Endorses Whom?").

    Every row becomes two examples, one per direction; the direction that the label does not speak
    of is neutral.
    """

    _CODES: Sequence[tuple[str, str]] = (
        ("neutral", "neutral"),
        ("positive", "neutral"),
        ("neutral", "positive"),
        ("negative", "neutral"),
        ("neutral", "negative"),
    )

    def _parse(self, text: str, file: Path) -> Iterable[RawRow]:
        for number, line in enumerate(split_lines(text), 1):
            sentence, _, _, code = (line.split("\t") + [""] * 4)[:4]
            found = list(_BRACKET.finditer(sentence))
            if len(found) != 2 or code not in "01234" or not code:
                raise KitError(
                    f"{file}, line {number}: not a sentence with two [brackets] and a label 0 to 4"
                )
            opening = [one.start() - 2 * at for at, one in enumerate(found)]
            first, second = ((at, at + len(one[1])) for at, one in zip(opening, found, strict=True))
            plain = _BRACKET.sub(r"\1", sentence)
            for (actor, target), label in zip(
                ((first, second), (second, first)), self._CODES[int(code)], strict=True
            ):
                yield {
                    "text": plain,
                    **_offsets({"actor": actor, "target": target}),
                    "actor": plain[slice(*actor)],
                    "target": plain[slice(*target)],
                    "label": label,
                }


class NewsMtsc(JsonlCorpus):
    """Sentiment towards a target in political news (Hamborg and Donnay 2021, "NewsMTSC").

    Training rows hold several targets, with codes 2, 4, 6 for negative, neutral, positive; the
    official dev and test cut (`hf_*`) has one target per row, with codes -1, 0, 1.
    """

    _CODES: Mapping[float, str] = {2: "negative", 4: "neutral", 6: "positive"}
    _CUT: Mapping[float, str] = {-1: "negative", 0: "neutral", 1: "positive"}

    def _parse(self, text: str, file: Path) -> Iterable[RawRow]:
        for row in super()._parse(text, file):
            many = row.get("targets")
            for one in [row] if many is None else many:
                codes = self._CUT if many is None else self._CODES
                yield {
                    "text": row["sentence"] if many is None else row["sentence_normalized"],
                    "target": one["mention"],
                    "target_start": one["from"],
                    "target_end": one["to"],
                    "label": codes[float(one["polarity"])],
                }


class SemEval2016(Corpus):
    """Stance of tweets towards five targets, in TweetEval's files (Mohammad et al. 2016; Barbieri et al. 2020).

    A folder per target, each with texts and labels of train, val and test in files of their own.
    """

    without = ("files", "held")
    _CODES: Sequence[str] = ("none", "condemn", "support")
    _TARGETS: Mapping[str, str] = {
        "abortion": "legalization of abortion",
        "atheism": "atheism",
        "climate": "climate change is a real concern",
        "feminist": "feminist movement",
        "hillary": "Hillary Clinton",
    }

    def rows(self) -> Iterator[tuple[int, RawRow]]:
        """Yield numbered rows over all targets and parts."""
        self.check()
        number = 0
        for folder, target in self._TARGETS.items():
            for part in ("train", "val", "test"):
                texts, labels = (
                    split_lines(decode(self.folder() / folder / f"{part}_{kind}.txt"))
                    for kind in ("text", "labels")
                )
                if len(texts) != len(labels):
                    raise KitError(
                        f"{folder}/{part}: {len(texts)} texts, {len(labels)} labels; copy the files again"
                    )
                for text, label in zip(texts, labels, strict=True):
                    number += 1
                    yield (
                        number,
                        {
                            "text": text,
                            "target": target,
                            "split": part,
                            "label": self._CODES[int(label)],
                        },
                    )


class CcfFrames(JsonlCorpus):
    """Climate frames in Canadian news, several per unit of two sentences (Lemor et al.); the language asked for only.

    The two files spell the same label in two ways (`Eco Detection`, `Eco_Detection`) and name the
    language in two places; labels that are not one of the eight frames are left out.
    """

    _FRAMES = ("Eco", "Pbh", "Secu", "Just", "Pol", "Sci", "Envt", "Cult")

    def __init__(self, path: str | Path, *, language: str = "EN", **rest: Any) -> None:
        super().__init__(path, **rest)
        self.language = language

    def _parse(self, text: str, file: Path) -> Iterable[RawRow]:
        names = {f"{frame}{sign}Detection": frame for frame in self._FRAMES for sign in " _"}
        for row in super()._parse(text, file):
            about: Mapping[str, Any] = row.get("meta") or {}
            if (row.get("language") or about.get("language")) != self.language:
                continue
            source = row.get("media") or about.get("media")
            found = sorted({names[label] for label in row["label"] if label in names})
            yield {"text": row["text"], "label": found, "source": source}
