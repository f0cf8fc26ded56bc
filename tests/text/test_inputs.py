"""What users have their texts in, as examples."""

import datasets
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from stancekit.errors import KitError
from stancekit.text.inputs import as_examples
from stancekit.types import Example, Mention

TEXTS = ["Peru shunned the levy.", "Mali stayed."]
FRAME = pd.DataFrame(
    {"text": TEXTS, "actor": ["Peru", None], "target": ["the levy", 2334], "party": ["A", "B"]},
    index=[7, 3],
)
ROWS = [
    {"text": TEXTS[0], "actor": "Peru", "target": "the levy"},
    {"text": TEXTS[1], "target": 2334},
]
READ = [
    Example("0", TEXTS[0], Mention("Peru", 0, 4), Mention("the levy", 13, 21)),
    Example("1", TEXTS[1], None, Mention("2334")),
]


@pytest.mark.parametrize(
    "data",
    [
        FRAME,
        FRAME.convert_dtypes(),
        FRAME.astype({"text": "string"}),
        ROWS,
        tuple(ROWS),
        np.array(ROWS, dtype=object),
        pd.Series(ROWS, index=["a", "b"]),
        {name: FRAME[name].tolist() for name in FRAME},
        datasets.Dataset.from_list([{**row, "target": str(row["target"])} for row in ROWS]),
        READ,
        pd.Series(READ),
        [ROWS[0], READ[1]],
    ],
    ids=lambda data: type(data).__name__,
)
def test_rows_in_any_form(data):
    assert list(as_examples(data)) == READ


@pytest.mark.parametrize(
    "data",
    [
        TEXTS,
        tuple(TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, dtype=object),
        np.array(TEXTS).reshape(-1, 1),
        pd.Series(TEXTS, index=[5, 5]),
        pd.Series(TEXTS, dtype="string"),
        pd.DataFrame({"sentence": TEXTS}),
        datasets.Dataset.from_dict({"text": TEXTS})["text"],
        iter(TEXTS),
    ],
    ids=lambda data: type(data).__name__,
)
def test_texts_in_any_form(data):
    examples = as_examples(data)
    assert [(example.id, example.text) for example in examples] == list(enumerate_ids(TEXTS))
    # A text of numpy would be written and compared in other ways.
    assert all(type(example.text) is str for example in examples)


def enumerate_ids(texts):
    return ((str(row), text) for row, text in enumerate(texts))


def test_examples_are_passed_on_as_they_are():
    for examples in (READ, tuple(READ)):
        assert as_examples(examples) is examples


def test_names_are_for_all_rows_or_one_per_row_or_a_column():
    assert [row.actor for row in as_examples(TEXTS, actor="Peru")] == [
        Mention("Peru", 0, 4),
        Mention("Peru"),
    ]
    assert as_examples(TEXTS, actor=["Peru", None], target=("the levy", 2334)) == READ
    assert as_examples(FRAME.drop(columns="actor"), actor=FRAME["actor"]) == READ
    assert [row.actor.name for row in as_examples(FRAME, actor="party")] == ["A", "B"]
    assert [row.target.name for row in as_examples(READ, target="text")] == TEXTS
    # Texts have no columns: this is a name.
    assert as_examples(TEXTS, actor="text")[0].actor == Mention("text")


def test_columns_have_other_names():
    frame = FRAME.rename(columns={"text": "sentence", "actor": "speaker", "target": "motion"})
    names = {"text": "sentence", "actor": "speaker", "target": "motion"}
    assert as_examples(frame, columns=names) == READ
    with pytest.raises(
        KitError, match=r"no column 'text'; it has: texts, actor.* Nearest: 'texts' for 'text'"
    ):
        as_examples(FRAME.rename(columns={"text": "texts"}))
    with pytest.raises(KitError, match=r"no column 'speeker'; .* Nearest: 'speaker' for 'speeker'"):
        as_examples(frame, columns={**names, "actor": "speeker"})
    with pytest.raises(KitError, match="unknown columns txt; they hold: text, actor"):
        as_examples(frame, columns={"txt": "sentence"})


def test_ids_articles_and_offsets_of_a_table_are_kept():
    frame = FRAME.assign(id=[12, None], article="a", actor_start=[0, None], actor_end=[4.0, None])
    first, second = as_examples(frame.astype({"id": "Int64"}))
    assert (first.id, first.article, second.id) == ("12", "a", "1")
    assert first.actor == Mention("Peru", 0, 4) and second.actor is None
    # Other offsets than those of the name's first place in the text.
    twice = {"text": ["Peru and Peru"], "actor": ["Peru"], "actor_start": [9], "actor_end": [13]}
    assert as_examples(twice)[0].actor == Mention("Peru", 9, 13)
    assert as_examples(twice, actor="Peru")[0].actor == Mention("Peru", 0, 4)


@pytest.mark.parametrize(
    ("data", "given", "message"),
    [
        ("Peru left.", {}, r"X is one str; give a list, also of a single text, as \['Peru"),
        (READ[0], {}, "X is one Example; give a list"),
        (None, {}, "X is None"),
        (5, {}, "X is of type int; give a list"),
        ({"text": "Peru left."}, {}, "column 'text' of X is of type str; give a list"),
        ({"text": TEXTS, "actor": ["Peru"]}, {}, "columns of X have 1, 2 rows"),
        (np.ones((3, 2)), {}, r"an array of shape \(3, 2\), and models of the kit read texts"),
        (csr_matrix(np.eye(2)), {}, r"a sparse matrix of shape \(2, 2\)"),
        (np.ones(3), {}, r"float instead of text \(rows 0, 1, 2\)"),
        (["a", None, "", 3], {}, r"no text \(rows 1, 2\), int instead of text \(rows 3\)"),
        (pd.Series(["a", pd.NA], dtype="string"), {}, r"no text \(rows 1\), counted from 0"),
        ([{"actor": "Peru"}], {}, "no column 'text'; it has: actor"),
        (FRAME[["actor"]], {}, "no column 'text'; it has: actor"),
        (FRAME, {"actor": "parti"}, "actor='parti' is no column of X; nearest: 'party'"),
        (TEXTS, {"actor": ["Peru"]}, "actor has 1 names, and X 2 rows"),
        (FRAME.assign(actor_start=[0, 5], actor_end=[4, 99]), {}, r"offsets .*\(rows 1, counted"),
        (FRAME.assign(actor_start="x", actor_end=3), {}, r"actor offsets .*\(rows 0, 1, counted"),
    ],
    ids=str,
)
def test_what_cannot_be_read_is_told(data, given, message):
    with pytest.raises(KitError, match=message):
        as_examples(data, **given)


def test_nothing_is_no_example():
    for empty in ([], (), np.array([]), FRAME.iloc[:0], pd.Series([], dtype=object)):
        assert list(as_examples(empty)) == []
