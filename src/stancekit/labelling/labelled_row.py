"""A labelled row, and which rows are written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from stancekit.codebook import Codebook
from stancekit.labelling.row_format import HELD_OUT, block
from stancekit.types import Example, Prediction, Sentence


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """A labelled sentence x actor x target, or a sentence in which neither was found.

    Attributes
    ----------
    example
        What was read; without actor and target, the sentence alone.
    predictions
        By the name of the codebook. A sentence without actor and target has none of a codebook that
        codes examples.
    codebooks
        All codebooks of the labelling by name, the same for all rows.
    vote
        The actor's side in a roll call, which is no model's prediction; empty where there is none.
    points_back
        Whether the target is a text that is named before the sentence, if it is that.
    group
        What the labels name as the article, if not the sentence's own.
    kept
        Further fields of the text, which go into the labels.
    held_out
        By the name of the codebook, what the fold of a cross-fitted model says that has not learned
        from the article.
    learned
        The codebooks whose models have learned from the sentence.
    """

    sentence: Sentence
    example: Example
    predictions: Mapping[str, Prediction]
    codebooks: Mapping[str, Codebook]
    vote: str = ""
    points_back: bool = False
    group: str = ""
    kept: Mapping[str, Any] = field(default_factory=dict)
    held_out: Mapping[str, Prediction] = field(default_factory=dict)
    learned: frozenset[str] = frozenset()

    def codes(self, name: str) -> tuple[str, ...]:
        """Return the codes of one codebook, empty where it did not code the row."""
        return self.predictions[name].labels if name in self.predictions else ()

    @property
    def has_position(self) -> bool:
        """Say whether the actor takes some position towards the target."""
        return any(
            codebook.applies(self.codes(name))
            for name, codebook in self.codebooks.items()
            if codebook.towards
        )

    @property
    def names_target(self) -> bool:
        """Say whether the sentence spells out the target."""
        return self.example.target is not None and self.example.target.located

    def is_likely(self, min_score: float) -> bool:
        """Say whether a position of the row, of a codebook with one code per example, scores so much."""
        return any(
            codebook.multi_label or max(self.predictions[name].scores) >= min_score
            for name, codebook in self.codebooks.items()
            if codebook.towards and codebook.applies(self.codes(name))
        )

    @property
    def actor(self) -> str:
        """Return the actor's name, empty where there is none."""
        return self.example.actor.name if self.example.actor else ""

    @property
    def states_target(self) -> bool:
        """Say whether the target stands in the sentence."""
        return self.example.target is not None and self.example.target.located

    @property
    def score(self) -> float:
        """Return how much the most likely code of the codebooks of positions scores."""
        scores = (
            max(self.predictions[name].scores)
            for name, codebook in self.codebooks.items()
            if codebook.towards and name in self.predictions
        )
        return max(scores, default=0.0)

    @property
    def read_by(self) -> str:
        """Say what the codes of actor and target come from: a `model`, or a `roll call`."""
        votes = any(says_vote(codebook, self.vote) for codebook in self.codebooks.values())
        return "roll call" if votes else "model"

    @property
    def is_bare(self) -> bool:
        """Say whether it is the sentence alone, without actor and target."""
        return self.example.id == self.sentence.id

    @property
    def article(self) -> str:
        """Return what the labels name as the article."""
        return self.group or self.sentence.article

    def bare_example(self) -> Example:
        """Return the sentence alone as models read it."""
        return replace(self.example, id=self.sentence.id, actor=None, target=None)

    def without_pair(self) -> "LabelledRow":
        """Return the sentence alone, with the codes that it has itself."""
        of_sentence = {
            name: prediction
            for name, prediction in self.predictions.items()
            if self.codebooks[name].unit == "sentence"
        }
        return replace(self, example=self.bare_example(), predictions=of_sentence)

    def to_dict(self) -> dict[str, Any]:
        """Return the row with the columns of the labels format, without those that end every row."""
        actor, target = self.example.actor, self.example.target
        row: dict[str, Any] = {
            "id": self.example.id,
            "article": self.article,
            "sentence": self.example.text,
            "start": self.sentence.start,
            "end": self.sentence.end,
            "actor": actor.name if actor else None,
            "actor_start": actor.start if actor else None,
            "actor_end": actor.end if actor else None,
            "actor_code": actor.code if actor else None,
            "target": target.name if target else None,
            "read_by": self.read_by,
        }
        for name, codebook in self.codebooks.items():
            prediction = self.predictions.get(name)
            scores = zip(codebook.names, prediction.scores, strict=True) if prediction else ()
            row |= block(name, self.codes(name), dict(scores), multi_label=codebook.multi_label)
        return {**row, **self._of_learned(), **self.kept}

    def _of_learned(self) -> dict[str, Any]:
        """Return the columns that a row has where a model has learned from its text."""
        columns: dict[str, Any] = {}
        for name, codebook in self.codebooks.items():
            if prediction := self.held_out.get(name):
                scores = dict(zip(codebook.names, prediction.scores, strict=True))
                held_out = block(name, prediction.labels, scores, multi_label=codebook.multi_label)
                ends = (f"{name}_{end}" for end in HELD_OUT)
                columns |= dict(zip(ends, held_out.values(), strict=False))
            if name in self.learned:
                columns[f"{name}_{HELD_OUT[-1]}"] = True
        return columns


def says_vote(codebook: Codebook, vote: str) -> bool:
    """Say whether a codebook has a code for a side in a roll call."""
    return vote in codebook.votes


def likely_positions(rows: Sequence[LabelledRow], min_score: float) -> list[bool]:
    """Say of each row whether it has a position that scores enough, and that its sentence is on.

    A sentence may point at a text that was named before it. Where it states a position of the same actor
    that scores as much, it is on that, and takes no position towards the text before.

    Parameters
    ----------
    rows
        Rows in reading order.
    min_score
        As of `LabelledRow.is_likely`; at 0, every position counts.
    """
    if not min_score:
        return [row.is_likely(0) for row in rows]
    likely: list[bool] = []
    for _, group in groupby(rows, key=lambda row: row.sentence.id):
        together = [(row, row.is_likely(min_score)) for row in group]
        stated: dict[str, float] = {}
        for row, yes in together:
            if yes and row.states_target:
                stated[row.actor] = max(row.score, stated.get(row.actor, 0.0))
        likely += [
            yes and not (row.points_back and row.score <= stated.get(row.actor, 0.0))
            for row, yes in together
        ]
    return likely


def leave_out_pairs(
    rows: Sequence[LabelledRow], declined: Sequence[bool], likely: Sequence[bool]
) -> tuple[list[LabelledRow], list[bool]]:
    """Leave out pairs of actor and target without a likely position, but for those that a person should judge.

    A sentence that has codes of its own and of which no row would remain keeps one without an actor
    and target.

    Parameters
    ----------
    rows
        Rows in reading order.
    declined
        Whether a person should judge each.
    likely
        Whether each has a position that scores enough.
    """
    kept: list[tuple[LabelledRow, bool]] = []
    judged = zip(rows, declined, likely, strict=True)
    for _, group in groupby(judged, key=lambda each: each[0].sentence.id):
        before = list(group)
        after = [(row, unsure) for row, unsure, yes in before if unsure or yes or row.is_bare]
        # What a person should judge is no part of the labels.
        lost = any(not unsure for _, unsure, _ in before) and all(unsure for _, unsure in after)
        alone = before[0][0].without_pair()
        kept += [(alone, False), *after] if lost and alone.predictions else after
    return [row for row, _ in kept], [unsure for _, unsure in kept]
