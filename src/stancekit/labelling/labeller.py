"""From texts to labelled rows, and from rows to the bytes of a file: what one article and an archive share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Literal

from stancekit.codebook import Codebook, Unit
from stancekit.corpus.formats import FileFormat
from stancekit.errors import KitError, printable
from stancekit.labelling.held_out import mark_learned
from stancekit.labelling.input_text import InputText
from stancekit.labelling.labelled_row import (
    LabelledRow,
    leave_out_pairs,
    likely_positions,
    says_vote,
)
from stancekit.labelling.layout import TextLayout
from stancekit.labelling.models import SavedModel, labelled_codebook, load_models
from stancekit.labelling.row_format import (
    LIKELY_POSITION,
    ROW_CHOICES,
    Extent,
    LabelledCodebook,
    RowChoice,
    codes_only_positions,
)
from stancekit.labelling.tally import Tally
from stancekit.models.classifier import FittedClassifier
from stancekit.text import ActorFinder
from stancekit.text.clean import clean
from stancekit.text.examples import count_sentences, split_body
from stancekit.text.language import reads_like_english
from stancekit.text.nlp import bounded_memory, load_spacy_tokenizer
from stancekit.text.pairs import AskedPair, ask_pairs
from stancekit.text.speaker import make_speaker
from stancekit.text.syntax import ParsedSentence, parse_sentences
from stancekit.types import Article, Example, Prediction, Sentence


@dataclass(frozen=True, slots=True)
class Labelled:
    """Rows of some texts in reading order, which of them a person should judge, and what was counted."""

    rows: list[LabelledRow]
    declined: list[bool]
    tally: Tally

    @property
    def sure(self) -> list[LabelledRow]:
        """Return the rows to be relied on."""
        return [row for row, no in zip(self.rows, self.declined, strict=True) if not no]

    @property
    def unsure(self) -> list[LabelledRow]:
        """Return the rows that a person should judge."""
        return [row for row, no in zip(self.rows, self.declined, strict=True) if no]


@dataclass(frozen=True, slots=True)
class Labeller:
    """Models by the name of their codebook, how actors and targets are found, and the risk that is accepted.

    With `whole`, texts are not divided into sentences. With `rows` that are `positions`, pairs of
    actor and target without a position are counted and left out, and so are positions that score
    less than `min_score`.
    """

    models: Mapping[str, FittedClassifier]
    finder: ActorFinder
    targets: tuple[str, ...] = ()
    risk: float | None = None
    whole: bool = False
    rows: RowChoice = "all"
    min_score: float = 0.0
    learned: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def codebooks(self) -> dict[str, Codebook]:
        """Return the codebooks by name."""
        return {name: model.codebook for name, model in self.models.items()}

    def __call__(self, texts: Sequence[InputText]) -> Labelled:
        """Label texts together, so that encoders see batches of like length; rows come in reading order."""
        # spaCy keeps every word it has seen, which an archive would fill memory with.
        with bounded_memory(load_spacy_tokenizer()):
            bodies = [split_body(text.article, whole=self.whole) for text in texts]
        pairs, tally = self._find_pairs(texts, bodies)
        # Each sentence is coded once, however many actors and targets it has.
        alone = self._bare_sentences(bodies)
        of_pairs, far = self._predict("example", [pair for some in pairs.values() for pair in some])
        of_sentences, far_alone = self._predict("sentence", list(alone.values()))
        far = far or far_alone
        codebooks = self.codebooks
        rows = []
        for text, sentences in zip(texts, bodies, strict=True):
            for sentence in sentences:
                bare = [alone[sentence.id]] if sentence.id in alone else []
                rows += [
                    LabelledRow(
                        sentence,
                        pair.example,
                        of_pairs.get(pair.example.id, {}) | of_sentences.get(sentence.id, {}),
                        codebooks,
                        pair.vote,
                        pair.points_back,
                        text.group,
                        text.kept,
                    )
                    for pair in pairs.get(sentence.id, bare)
                ]
        rows = mark_learned(rows, self.models, self.learned)
        declined, unlikely = self._decline(rows), 0
        if self.rows == "positions":
            likely = likely_positions(rows, self.min_score)
            judged = zip(rows, likely, declined, strict=True)
            unlikely = sum(row.has_position and not yes and not no for row, yes, no in judged)
            rows, declined = leave_out_pairs(rows, declined, likely)
        sure = [row for row, no in zip(rows, declined, strict=True) if not no]
        counted = Tally(
            pairs=sum(map(len, pairs.values())),
            n_rows=len(sure),
            positions=sum(row.has_position for row in sure),
            unnamed=sum(row.has_position and not row.names_target for row in sure)
            if self.targets
            else 0,
            declined=sum(declined),
            unlikely=unlikely,
            compared=len(far),
            far=sum(far.values()),
            foreign=sum(
                not reads_like_english(sentence.text)
                for sentences in bodies
                for sentence in sentences
                if sentence.id in far
            ),
        )
        return Labelled(rows, declined, tally + counted)

    def _of_unit(self, unit: Unit) -> dict[str, FittedClassifier]:
        return {name: model for name, model in self.models.items() if model.codebook.unit == unit}

    def _find_pairs(
        self, texts: Sequence[InputText], bodies: Sequence[Sequence[Sentence]]
    ) -> tuple[dict[str, list[AskedPair]], Tally]:
        """Return the pairs by sentence; where every model codes sentences, no actors are looked for."""
        pairs: dict[str, list[AskedPair]] = {}
        tally = Tally()
        if not self._of_unit("example"):
            return pairs, Tally(sum(map(len, bodies)))
        actors = self.finder.find_all([[one.text for one in sentences] for sentences in bodies])
        syntax = iter(self._parse(texts, bodies))
        for text, sentences, mentions in zip(texts, bodies, actors, strict=True):
            targets = self._given_targets(text)
            speaker = make_speaker(text.speaker, self.finder.names) if text.speaker else None
            asked = ask_pairs(
                text.article,
                sentences,
                mentions,
                targets,
                actor=text.actor,
                speaker=speaker,
                parsed=None if text.actor and targets else list(islice(syntax, len(sentences))),
            )
            for pair in asked:
                pairs.setdefault(pair.sentence, []).append(pair)
            # Targets that were named are asked of all actors, however many there are.
            everywhere = text.actor or text.speaker
            read = count_sentences(mentions, everywhere=everywhere)
            acting = read.sentences
            if not everywhere:
                # Pairs may have actors that no list has.
                named = zip(sentences, mentions, strict=True)
                acting = sum(bool(found) or one.id in pairs for one, found in named)
            crowded = 0 if targets else read.crowded
            tally += Tally(read.sentences, acting, crowded)
        return pairs, replace(tally, labelled=len(pairs))

    def _given_targets(self, text: InputText) -> tuple[str, ...]:
        return (text.target,) if text.target else self.targets

    def _parse(
        self, texts: Sequence[InputText], bodies: Sequence[Sequence[Sentence]]
    ) -> list[ParsedSentence]:
        """Return the syntax of sentences, read together; of those whose pairs are given none is needed."""
        return parse_sentences(
            [
                clean(sentence.text).text
                for text, sentences in zip(texts, bodies, strict=True)
                if not (text.actor and self._given_targets(text))
                for sentence in sentences
            ]
        )

    def _bare_sentences(self, bodies: Iterable[Iterable[Sentence]]) -> dict[str, AskedPair]:
        """Return all sentences without actor and target, for the models that code sentences."""
        if not self._of_unit("sentence"):
            return {}
        return {
            sentence.id: AskedPair(
                Example(sentence.id, clean(sentence.text).text, article=sentence.article)
            )
            for sentences in bodies
            for sentence in sentences
        }

    def _predict(
        self, unit: Unit, pairs: Sequence[AskedPair]
    ) -> tuple[dict[str, dict[str, Prediction]], dict[str, bool]]:
        """Return by example, and then by codebook, what the models of a unit predict.

        Where a roll call says how an actor voted, and the codebook what a vote means, that is the code.

        Returns
        -------
        dict
            The predictions.
        dict
            By the id of the sentence, whether it is unlike what a model learned from, where one can
            say so.
        """
        far: dict[str, bool] = {}
        known: dict[tuple[str, ...], tuple[Example, ...]] = {}
        found: dict[str, dict[str, Prediction]] = {pair.example.id: {} for pair in pairs}
        for name, model in self._of_unit(unit).items():
            read = [pair for pair in pairs if not says_vote(model.codebook, pair.vote)]
            asked = tuple(pair.example for pair in read)
            # The very same examples: models that share an encoder read them once.
            asked = known.setdefault(tuple(example.id for example in asked), asked)
            for prediction in model.predict(asked) if asked else ():
                found[prediction.example][name] = prediction
            # Empty where the model cannot say so.
            for pair, is_far in zip(read, _far(model.model, asked), strict=False):
                sentence = pair.sentence if unit == "example" else pair.example.id
                far[sentence] = far.get(sentence, True) and is_far
            for pair in pairs:
                if says_vote(model.codebook, pair.vote):
                    code = model.codebook.votes[pair.vote]
                    scores = tuple(float(code == each) for each in model.codebook.names)
                    voted = Prediction(pair.example.id, (code,), scores)
                    found[pair.example.id][name] = voted
        return found, far

    def _decline(self, rows: Sequence[LabelledRow]) -> list[bool]:
        """Say of each row whether one of the models that decide is too unsure of it.

        Those are the models that code examples, and the others only where there are none: a
        sentence's codes are on all its rows.
        """
        declined = [False] * len(rows)
        if self.risk is None:
            return declined
        for name, model in (self._of_unit("example") or self._of_unit("sentence")).items():
            coded = []
            for index, row in enumerate(rows):
                if name in row.predictions and not says_vote(model.codebook, row.vote):
                    coded.append(index)
            predictions = [rows[index].predictions[name] for index in coded]
            unsure = model.declined(predictions, self.risk)
            for index, no in zip(coded, unsure, strict=True):
                declined[index] |= no
        return declined


def _far(model: Any, examples: Sequence[Example]) -> list[bool]:
    """Say which examples are unlike those that a model learned from; nothing where it does not know."""
    judge = getattr(model, "far", None)
    found = judge(examples) if judge and examples else None
    return [] if found is None else found.tolist()


@dataclass(frozen=True, slots=True)
class LabellingJob:
    """What is done with every text, wherever it is done."""

    models: tuple[SavedModel, ...]
    finder: ActorFinder = field(default_factory=ActorFinder)
    targets: tuple[str, ...] = ()
    backend: str = "torch"
    risk: float | None = None
    format: str = "jsonl"
    title: bool = True
    layout: TextLayout = field(default_factory=TextLayout)
    written: FileFormat = field(default_factory=FileFormat)
    unit: Literal["sentence", "row"] = "sentence"
    rows: RowChoice = "all"
    min_score: float = LIKELY_POSITION

    def __post_init__(self) -> None:
        if self.rows not in ROW_CHOICES:
            raise KitError(
                f"unknown rows={printable(self.rows)}; there are {', '.join(ROW_CHOICES)}. Set rows=positions, "
                "or rows=all for those without a position too"
            )
        if not 0 <= self.min_score < 1:
            raise KitError(
                f"min_score is {self.min_score}, and no probability; set it from 0 (every position is written) to .95"
            )

    @property
    def rows_written(self) -> RowChoice:
        """Return which rows are written: all of them where pairs have other codes than positions."""
        books = self.labelled_codebooks.values()
        return self.rows if codes_only_positions(books) else "all"

    def extent(self, pairs: int | None = None) -> Extent:
        """Return what the labels say of their rows."""
        rows = self.rows_written
        low = rows == "positions" and self.min_score > 0
        return Extent(rows, pairs, self.min_score if low else None)

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the fields of texts that go into their labels."""
        return tuple(self.layout.fields)

    @property
    def further_columns(self) -> tuple[str, ...]:
        """Return the columns of labels behind those of the codebooks: of held-out scores, and kept fields."""
        columns: list[str] = []
        for model in self.models:
            *held_out, learned = labelled_codebook(model.codebook).held_out_columns
            columns += held_out if model.cross_fitted else [learned] if model.learned else []
        return (*columns, *self.fields)

    @property
    def codebooks(self) -> list[Codebook]:
        """Return the codebooks, in the order of their columns."""
        return [model.codebook for model in self.models]

    @property
    def labelled_codebooks(self) -> dict[str, LabelledCodebook]:
        """Return by name what labels say of the codebooks."""
        return {book.name: labelled_codebook(book) for book in self.codebooks}

    def labeller(self) -> Labeller:
        """Load the models, and names of actors as their file has them now."""
        models = load_models(self.models, self.backend)
        whole = self.unit == "row"
        return Labeller(
            models,
            replace(self.finder),
            self.targets,
            self.risk,
            whole,
            self.rows_written,
            self.min_score,
            {model.codebook.name: model.learned for model in self.models},
        )


def label_article(article: Article | InputText, job: LabellingJob) -> Labelled:
    """Label one article, or a text with its fields; nothing is written."""
    text = InputText(article, article.id) if isinstance(article, Article) else article
    return job.labeller()([text])
