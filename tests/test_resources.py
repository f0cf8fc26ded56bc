"""Where material is found: texts that come with the kit, also where there is no checkout."""

import pytest
from conftest import ROOT

import stancekit as sk
from stancekit.corpus import TableCorpus
from stancekit.errors import KitError
from stancekit.resources import seed_path

TEXT = "seeds/articles/river_dam.txt"


def test_the_kit_s_texts_are_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert seed_path(TEXT) == ROOT / TEXT
    assert seed_path("seeds/articles/gone.txt") == "seeds/articles/gone.txt"
    # Neither what leads out of the folder, nor a text, nor other paths.
    for other in ("seeds/../pyproject.toml", "seeds/a\nb", "articles/river_dam.txt", "-"):
        assert seed_path(other) == other
    # Who has seeds of their own means those.
    (tmp_path / "seeds").mkdir()
    assert seed_path(TEXT) == TEXT


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_name_is_not_the_working_directory(tmp_path, monkeypatch, blank):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("id,text,stance\na,We agree.,support\n")
    for verb, key in [
        (sk.label, "input"),
        (sk.read_labels, "labels"),
        (sk.sample, "labels"),
        (sk.read_table, "the table"),
        (sk.load, "models"),
        (lambda name: sk.label("We agree.\nYes.", models=name), "models"),
        (sk.report, "runs"),
        (sk.compare, "runs"),
        (lambda name: TableCorpus(name, name="mine").folder(), "corpus.path"),
    ]:
        with pytest.raises(KitError, match=f"{key} is {blank!r}, which names nothing"):
            verb(blank)
    for verb in (sk.train, sk.agreement):
        with pytest.raises(KitError, match=f"there is no corpus {blank!r}"):
            verb(blank)
    with pytest.raises(KitError, match=f"output is {blank!r}, which names nothing"):
        sk.train("un_votes_outside", model="majority", output=blank, verbose=False)
    with pytest.raises(KitError, match=f"output is {blank!r}, which names nothing"):
        sk.label(tmp_path, output=blank)
