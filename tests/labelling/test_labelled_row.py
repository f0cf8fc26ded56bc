"""Which positions are likely: by their score, and by what the sentence is on."""

from dataclasses import replace

import pandas as pd

from stancekit.commands.label import label
from stancekit.labelling import labeller
from stancekit.labelling.labelled_row import LabelledRow, likely_positions
from stancekit.labelling.labeller import LabellingJob, label_article
from stancekit.labelling.models import find_models
from stancekit.text import ActorFinder, read_article
from stancekit.text.syntax import parse_sentences
from stancekit.types import Example, Mention, Prediction, Sentence

TEXT = "Chad deplored the levy."
SENTENCE = Sentence("a.1", "a", 30, TEXT)


def row(number, stance, *, actor="Chad", target="levy", score, back=False, given=None):
    start = TEXT.find(target)
    named = Mention(target) if start < 0 else Mention(target, start, start + len(target))
    codes = stance.names
    scores = tuple(score if code == "condemn" else (1 - score) / 3 for code in codes)
    example = Example(f"a.1.{number}", TEXT, Mention(actor, 0, 4), named, "a")
    return LabelledRow(
        given or SENTENCE,
        example,
        {stance.name: Prediction(example.id, ("condemn",), scores)},
        {stance.name: stance},
        points_back=back,
    )


def test_a_sentence_that_states_a_position_is_not_on_a_text_before_it(stance):
    named = row(0, stance, score=0.9)
    back = row(1, stance, target="draft", score=0.85, back=True)
    assert likely_positions([named, back], 0.75) == [True, False]
    # Not in another sentence, of another actor, or where what is stated is unlikely.
    elsewhere = replace(back, sentence=replace(SENTENCE, id="a.2"))
    assert likely_positions([named, elsewhere], 0.75) == [True, True]
    of_another = row(1, stance, actor="Oman", target="draft", score=0.85, back=True)
    assert likely_positions([named, of_another], 0.75) == [True, True]
    assert likely_positions([row(0, stance, score=0.7), back], 0.75) == [False, True]
    # More certain of the text before than of what it states; or a target that was asked for.
    sure = row(1, stance, target="draft", score=0.95, back=True)
    assert likely_positions([named, sure], 0.75) == [True, True]
    assert likely_positions([named, replace(back, points_back=False)], 0.75) == [True, True]
    assert likely_positions([named, back], 0) == [True, True]


def test_the_labeller_knows_which_targets_are_texts_before(saved):
    text = "The Assembly debated the draft resolution on whaling.\nKenya condemned the levy."
    job = LabellingJob(find_models([saved / "stance"]), ActorFinder(ner=False))
    rows = label_article(read_article(text), job).rows
    back = {row.example.target.name for row in rows if row.points_back}
    assert back == {"draft resolution"}
    given = label_article(read_article(text), replace(job, targets=("the draft",))).rows
    assert given and not any(row.points_back for row in given)


def test_syntax_is_read_only_where_actor_or_target_is_to_be_found(saved, monkeypatch):
    read = []
    monkeypatch.setattr(
        labeller, "parse_sentences", lambda texts: read.extend(texts) or parse_sentences(texts)
    )
    given = {"text": ["Residents hailed it.", "Kenya left."], "actor": ["", "Oman"]}
    table = pd.DataFrame(given | {"target": ["the levy", "the draft"]})
    labels = label(
        table,
        models=saved / "stance",
        actors=ActorFinder(ner=False),
        columns={"text": "text", "actor": "actor", "target": "target"},
        rows="all",
    )
    assert [(row["actor"], row["target"]) for row in labels] == [
        ("Residents", "the levy"),
        ("Oman", "the draft"),
    ]
    assert read == ["Residents hailed it."]
