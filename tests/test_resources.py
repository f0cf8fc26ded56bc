"""Where material is found: texts that come with the kit, also where there is no checkout."""

from conftest import ROOT

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
