"""A saved model scored on whole articles, labelled as `stancekit label` labels them: positions against gold."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stancekit.codebook import Codebook
from stancekit.corpus import Corpus
from stancekit.corpus.positions import (
    Place,
    PlacedActor,
    PlacedPosition,
    read_articles,
)
from stancekit.errors import KitError, listing
from stancekit.evaluation.positions import (
    RIGHT,
    JudgedArticle,
    PositionCounts,
    ReadArticle,
    count_positions,
    judge_article,
    score_positions,
)
from stancekit.fileio import frame_to_csv, write_jsonl, write_text
from stancekit.labelling.input_text import InputText
from stancekit.labelling.labelled_row import LabelledRow, likely_positions
from stancekit.labelling.labeller import Labeller, LabellingJob
from stancekit.labelling.models import SavedModel, find_models
from stancekit.labelling.row_format import LIKELY_POSITION
from stancekit.labelling.sources import cut_parts
from stancekit.runs.evaluation import (
    check_no_run,
    choose_part,
    output_folder,
    rows_of_part,
    split_name,
)
from stancekit.runs.folder import PREDICTIONS_FILE
from stancekit.runs.scores import SCORES_FILE, scores_frame
from stancekit.text import ActorFinder
from stancekit.text.clean import clean
from stancekit.text.examples import split_body
from stancekit.text.speaker import make_speaker
from stancekit.types import Mention, Score, Sentence


@dataclass(frozen=True, slots=True)
class PositionEvaluation:
    """What a model's positions score on whole articles, and where that was written.

    Attributes
    ----------
    model, codebook, corpus
        Their names.
    judged
        Every article with what became of its positions.
    unread
        How many articles of the corpus have no gold, and are left out.
    """

    model: str
    codebook: Codebook
    corpus: str
    judged: tuple[JudgedArticle, ...]
    counts: PositionCounts
    scores: tuple[Score, ...]
    unread: int
    folder: Path


def evaluate_positions(
    folders: Sequence[Path],
    corpus: Corpus,
    finder: ActorFinder,
    *,
    part: str | None = None,
    min_score: float = LIKELY_POSITION,
    output: str | Path | None = None,
) -> PositionEvaluation:
    """Label the articles of a corpus, score the positions, and write them sentence by sentence.

    Parameters
    ----------
    folders
        Of saved models, of which one has a codebook of positions.
    min_score
        As of `stancekit label`: positions that score less are none.

    Raises
    ------
    KitError
        When there is no such model or several, the corpus has no articles with positions or no such
        part, something is wrong with them, or a model's run is in `output`.
    """
    model = _choose_model(folders)
    every, unread = read_articles(corpus, model.codebook, finder.names)
    part = choose_part([one.part for one in every], corpus.name, part)
    articles = [every[row] for row in rows_of_part([one.part for one in every], part)]
    labeller = LabellingJob((model,), finder, min_score=min_score).labeller()
    by_id = {one.article.id: one for one in articles}
    judged = []
    texts = [InputText(one.article, one.article.id, speaker=one.speaker) for one in articles]
    for together in cut_parts(texts, lambda _: None):
        for text, read in zip(together, _read(labeller, together), strict=True):
            judged.append(judge_article(by_id[text.article.id], read))
    lines = [line for one in judged for line in _sentence_lines(one, model.codebook)]
    # What was read decides the scores, and which model it was.
    name = ["positions", model.codebook.name, model.name, corpus.name, part]
    folder = output_folder(output, name, [model.digest, *map(json.dumps, lines)])
    check_no_run(folder)
    scores = score_positions(judged, model.codebook)
    write_jsonl(folder / PREDICTIONS_FILE, lines)
    scored = (corpus.name, model.codebook.name, split_name(part), part, model.name)
    write_text(folder / SCORES_FILE, frame_to_csv(scores_frame(scored, scores, 1)))
    return PositionEvaluation(
        model.name,
        model.codebook,
        corpus.name,
        tuple(judged),
        count_positions(judged),
        tuple(scores),
        unread,
        folder,
    )


def _choose_model(folders: Sequence[Path]) -> SavedModel:
    """Return the one model whose codes are positions towards a target."""
    models = find_models(folders)
    chosen = [model for model in models if model.codebook.towards]
    if len(chosen) != 1:
        found = f"{len(chosen)} of" if chosen else "none of"
        raise KitError(
            f"task=positions needs one model whose codebook has codes towards a target, and {found} "
            f"{listing(models)} {'are' if chosen else 'is'} of that kind; name its folder with "
            "models=FOLDER"
        )
    return chosen[0]


def _read(labeller: Labeller, texts: Sequence[InputText]) -> Iterator[ReadArticle]:
    """Yield what the labeller asks and reads of each text, and which actors its finder finds."""
    rows: dict[str, list[LabelledRow]] = {text.article.id: [] for text in texts}
    for row in labeller(texts).rows:
        rows[row.sentence.article].append(row)
    bodies = [split_body(text.article) for text in texts]
    # Pairs alone do not show an actor that was found and has no target.
    found = labeller.finder.find_all([[one.text for one in sentences] for sentences in bodies])
    for text, sentences, mentions in zip(texts, bodies, found, strict=True):
        speaker = make_speaker(text.speaker, labeller.finder.names) if text.speaker else None
        actors = []
        for sentence, in_sentence in zip(sentences, mentions, strict=True):
            place = (sentence.start, sentence.end)
            if speaker:
                actors.append((place, PlacedActor(speaker.name, None, speaker.code, speaks=True)))
            for mention in in_sentence:
                span = _in_article(mention, sentence.start)
                actors.append((place, PlacedActor(mention.name, span, mention.code)))
        pairs = list(_read_pairs(rows[text.article.id], speaker, labeller.min_score))
        yield ReadArticle(tuple(actors), tuple(pairs))


def _read_pairs(
    rows: Sequence[LabelledRow], speaker: Mention | None, min_score: float
) -> Iterator[PlacedPosition]:
    """Yield the pairs of rows, with their places in the article."""
    for row, likely in zip(rows, likely_positions(rows, min_score), strict=True):
        actor, target = row.example.actor, row.example.target
        if actor is None or target is None:
            continue
        [(name, book)] = row.codebooks.items()
        prediction = row.predictions[name]
        scores = dict(zip(book.names, prediction.scores, strict=True))
        codes = prediction.labels if likely else ()
        speaks = speaker is not None and actor.name == speaker.name
        aimed_at = _place_of(target, row.sentence)
        for code in [code for code in codes if code != book.absent] or [""]:
            yield PlacedPosition(
                (row.sentence.start, row.sentence.end),
                PlacedActor(actor.name, _place_of(actor, row.sentence), actor.code, speaks),
                target.name,
                (aimed_at,) if aimed_at else (),
                code,
                scores.get(code, 0.0),
            )


def _place_of(mention: Mention, sentence: Sentence) -> Place | None:
    """Return where the article has a mention of an example, whose text is the clean sentence."""
    if mention.start is None or mention.end is None:
        return None
    start, end = clean(sentence.text).to_raw(mention.start, mention.end)
    return sentence.start + start, sentence.start + end


def _in_article(mention: Mention, offset: int) -> Place | None:
    if mention.start is None or mention.end is None:
        return None
    return offset + mention.start, offset + mention.end


def _sentence_lines(judged: JudgedArticle, codebook: Codebook) -> Iterator[dict[str, Any]]:
    """Yield an object for each sentence of an article, with its positions in gold and as they were read."""
    article = judged.coded.article
    places = [(one.start, one.end) for one in split_body(article)]
    # A sentence of the gold that is divided otherwise has a line of its own.
    places = sorted({*places, *(truth.sentence for truth in judged.coded.positions)})
    for place in places:
        text = article.text[slice(*place)]
        gold = [
            _described(truth, codebook) | {"cause": None if outcome == RIGHT else outcome}
            for truth, outcome in zip(judged.coded.positions, judged.of_gold, strict=True)
            if truth.sentence == place
        ]
        predicted = [
            _described(pair, codebook) | {"score": round(pair.score, 4), "outcome": outcome}
            for pair, outcome in zip(judged.read.pairs, judged.of_pairs, strict=True)
            if outcome and pair.sentence == place
        ]
        yield {
            "article": article.id,
            "sentence": text,
            "start": place[0],
            "gold": gold,
            "predicted": predicted,
        }


def _described(position: PlacedPosition, codebook: Codebook) -> dict[str, Any]:
    return {
        "actor": position.actor.name,
        "target": position.target,
        codebook.name: position.code,
    }
