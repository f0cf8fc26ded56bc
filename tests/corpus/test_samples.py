"""Annotated samples as corpora to train on: which rows are read, and how."""

import pytest

from stancekit.corpus import SampleCorpus, TableCorpus
from stancekit.corpus.samples import is_sample
from stancekit.errors import KitError
from stancekit.library.objects import as_corpus

HEAD = "id,article,sentence,actor,target,probability"


def written(tmp_path, *lines, name="sample.csv"):
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n")
    return path


def test_only_annotated_rows_are_read_with_their_ids(tmp_path, stance):
    path = written(
        tmp_path,
        f"{HEAD},stance",
        "a.0.0,a,Peru said no.,Peru,levy,0.5,condemn",
        "'=b.0.0,b,\"'-5 degrees, said Peru.\",Peru,levy,0.5,none",
        "c.0.0,c,Peru said yes.,Peru,levy,0.5,",
        "d.0.0,d,Peru came.,Peru,levy,0.5, ",
    )
    corpus = as_corpus(str(path))
    assert isinstance(corpus, SampleCorpus)
    data = corpus.read(stance)
    assert [(one.id, one.article) for one in data.examples] == [("a.0.0", "a"), ("=b.0.0", "b")]
    assert data.examples[1].text == "-5 degrees, said Peru." and data.left_out == 0
    assert data.labels == (("condemn",), ("none",))


def test_a_dash_says_that_there_is_no_code_and_a_blank_that_nobody_looked(tmp_path, diplomacy):
    path = written(
        tmp_path,
        f"{HEAD},diplomacy",
        "a.0,a,Peru said no.,,,0.5,-",
        "b.0,b,Peru signed.,,,0.5,peace; legality",
        "c.0,c,Peru slept.,,,0.5,",
    )
    data = SampleCorpus(path).read(diplomacy)
    assert data.labels == ((), ("peace", "legality"))


def test_the_actor_is_where_the_labels_say(tmp_path, stance):
    head = "id,article,sentence,actor,target,actor_start,actor_end,probability,stance"
    path = written(tmp_path, head, "a.0.0,a,Moscow said no.,Russia,levy,0,6,0.5,condemn")
    (example,) = SampleCorpus(path).read(stance).examples
    assert (example.actor.name, example.actor.start, example.actor.end) == ("Russia", 0, 6)


def test_what_extended_a_sample_is_read_from_the_same_folder(tmp_path, stance):
    for name, key in (("first.csv", "a.0.0"), ("more.csv", "b.0.0")):
        text = f"{key},{key[0]},Sentence {key}.,Peru,levy,0.5,none"
        written(tmp_path, f"{HEAD},stance", text, name=name)
    assert is_sample(tmp_path)
    assert [one.id for one in as_corpus(tmp_path).read(stance).examples] == ["a.0.0", "b.0.0"]


def test_what_is_wrong_is_said(tmp_path, stance, diplomacy):
    empty = written(tmp_path, f"{HEAD},stance", "a.0.0,a,Peru said no.,Peru,levy,0.5,")
    with pytest.raises(KitError, match=r"nothing in .* is annotated; fill in its column stance"):
        SampleCorpus(empty).read(stance)
    with pytest.raises(KitError, match="no column 'diplomacy'"):
        SampleCorpus(empty).read(diplomacy)


def test_other_tables_are_no_samples(tmp_path):
    own = written(tmp_path, "id,sentence,text,probability", "1,a,b,0.5", name="own.csv")
    plain = written(tmp_path, "text,stance", "Peru said no.,condemn", name="plain.csv")
    assert not is_sample(own) and not is_sample(plain)
    assert type(as_corpus(plain)) is TableCorpus
