"""Which positions are likely: by their score, and by what the sentence is on."""

from dataclasses import replace

from stancekit.labelling.labelled_row import LabelledRow, likely_positions
from stancekit.labelling.labeller import LabellingJob, label_article
from stancekit.labelling.models import find_models
from stancekit.text import ActorFinder, read_article
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


def test_what_a_target_says_more_of_is_no_second_position(stance):
    request = row(0, stance, target="request for an injunction", score=0.9)
    inner = replace(
        row(1, stance, target="injunction", score=0.95),
        within=frozenset(["request for an injunction"]),
    )
    assert likely_positions([request, inner], 0.75) == [True, False]
    assert likely_positions([inner, request], 0.75) == [False, True]
    # Where the whole has another code, or none that is likely, it is a position of its own; so is another's.
    supported = replace(
        request,
        predictions={stance.name: Prediction("a.1.0", ("support",), request_scores(stance))},
    )
    assert likely_positions([supported, inner], 0.75) == [True, True]
    unlikely = row(0, stance, target="request for an injunction", score=0.7)
    assert likely_positions([unlikely, inner], 0.75) == [False, True]
    of_another = row(0, stance, actor="Oman", target="request for an injunction", score=0.9)
    assert likely_positions([of_another, inner], 0.75) == [True, True]
    assert likely_positions([request, inner], 0) == [True, True]


def request_scores(stance):
    return tuple(0.9 if code == "support" else 0.1 / 3 for code in stance.names)


def test_the_labeller_knows_what_targets_say_more_of(saved):
    text = (
        "The Assembly met.\nKenya condemned the sale of mines that Chad had planned, and the levy."
    )
    job = LabellingJob(find_models([saved / "stance"]), ActorFinder(ner=False))
    rows = label_article(read_article(text), job).rows
    within = {row.target: row.within for row in rows if row.actor == "Kenya"}
    assert within["sale"] == within["levy"] == frozenset()
    assert within["mines"] == {"sale"} and "sale" in within["Chad"]
    given = label_article(read_article(text), replace(job, targets=("mines", "sale"))).rows
    assert given and not any(row.within for row in given)


def test_the_labeller_knows_which_targets_are_texts_before(saved):
    text = "The Assembly debated the draft resolution on whaling.\nKenya condemned the levy."
    job = LabellingJob(find_models([saved / "stance"]), ActorFinder(ner=False))
    rows = label_article(read_article(text), job).rows
    back = {row.example.target.name for row in rows if row.points_back}
    assert back == {"draft resolution"}
    given = label_article(read_article(text), replace(job, targets=("the draft",))).rows
    assert given and not any(row.points_back for row in given)
