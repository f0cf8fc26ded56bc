"""A sentence is coded once, however many rows it has: whoever coded one of them coded all."""

import pandas as pd
import pytest

from stancekit.codebook import load_codebook
from stancekit.corpus import TableCorpus

TEXTS = ("Peru fears for its pensioners.", "Chile closed its port.", "Oman kept silent.")


def rows_of(ana, ben):
    """Yield a row for each judgement of two rows of each sentence; either annotator is asked about one."""
    for number, text in enumerate(TEXTS):
        for row in (0, 1):
            for place, (name, codes) in enumerate((("ana", ana[number]), ("ben", ben[number]))):
                yield {
                    "id": f"{number}.{row}",
                    "article": f"a{number}",
                    "text": text,
                    "actor": text.rstrip(".").split()[-row],
                    "annotator": name,
                    "frames": codes if place == row else None,
                }


@pytest.fixture
def corpus(tmp_path):
    ana = [["economy"], ["economy", "security"], []]
    ben = [["economy"], ["economy"], []]
    path = tmp_path / "judged.jsonl"
    pd.DataFrame(rows_of(ana, ben)).to_json(path, orient="records", lines=True)
    return TableCorpus(path, columns={"annotator": "annotator"})


def test_agreement_pairs_those_who_coded_a_sentence_at_different_rows(corpus):
    annotated = corpus.annotations(load_codebook("diplomacy")).units()
    assert len(annotated) == len(TEXTS)
    assert all(None not in codes for codes in annotated.codes)


def test_gold_of_a_sentence_is_that_of_all_who_coded_it(corpus):
    data = corpus.read(load_codebook("diplomacy"))
    # They are tied on security in the second sentence.
    assert {example.text for example in data.examples} == {TEXTS[0], TEXTS[2]}
    assert dict(zip(data.articles, data.labels, strict=True)) == {"a0": ("economy",), "a2": ()}
