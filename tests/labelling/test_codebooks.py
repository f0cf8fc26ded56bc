"""Codebooks of one's own, in a folder outside the package: any number of them label, as those of the kit do."""

import json

import pyarrow.parquet
import pytest

from stancekit.__main__ import main
from stancekit.codebook import make_codebook
from stancekit.commands.label import label
from stancekit.corpus import TableCorpus
from stancekit.errors import KitError
from stancekit.labelling.labeller import LabellingJob, label_article
from stancekit.labelling.models import find_models
from stancekit.models import persistence
from stancekit.models.classifier import FittedClassifier, encode_labels
from stancekit.models.majority import Majority
from stancekit.text import ActorFinder, read_article

FINDER = ActorFinder(ner=False)
# Without a title there is nothing that the sentences could mean beside the levy.
NEWS = "Peru shunned the levy. It rained on the coast. Oman cheered the levy.\n"

TONE = """
_target_: stancekit.codebook.make_codebook
name: tone
scale: [cold, cool, warm]
towards: target
absent: flat
codes:
  cold: {definition: Hostile to the target.}
  cool: {definition: Reserved about the target.}
  warm: {definition: Friendly to the target.}
  flat: {definition: No tone towards the target.}
"""
BLAME = """
_target_: stancekit.codebook.make_codebook
name: blame <&> guilt
multi_label: true
unit: sentence
column: blame
codes:
  foreign: {definition: The cause is found abroad.}
  "home & hearth": {definition: The cause is found at home.}
"""
TONES = {"shunned": "cold", "sniffed at": "cool", "cheered": "warm", "crossed": "flat"}
ACTORS = ("Peru", "Oman", "Fiji", "Mali", "Laos", "Cuba")
BOTH = "blame <&> guilt"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a user's folder with a run of each of two codebooks of theirs, trained on two dozen rows."""
    place = tmp_path_factory.mktemp("work")
    configs = place / "configs" / "codebook"
    configs.mkdir(parents=True)
    (configs / "tone.yaml").write_text(TONE, encoding="utf-8")
    (configs / "blame.yaml").write_text(BLAME, encoding="utf-8")
    rows = [
        {
            "id": f"{actor}-{verb}",
            "article": actor,
            "text": f"{actor} {verb} the levy.",
            "actor": actor,
            "target": "the levy",
            "tone": code,
            "blame": ["foreign"] if verb == "shunned" else ["home & hearth"],
        }
        for actor in ACTORS
        for verb, code in TONES.items()
    ]
    (place / "coded.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def runs(folder):
    """Return the folders of both runs, the frames' first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for codebook, model in (("blame", "majority"), ("tone", "nb")):
            words = [f"codebook={codebook}", "corpus=table", "corpus.path=coded.jsonl"]
            words += ["split=grouped", f"model={model}", "output=own"]
            assert main(["train", *words]) == 0
    blame, tone = sorted((folder / "own" / "runs").iterdir())
    return [blame, tone]


@pytest.fixture
def news(tmp_path):
    path = tmp_path / "news.txt"
    path.write_text(NEWS)
    return path


def read_rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_two_schemes_of_one_s_own_label_together_from_their_runs(runs, news, tmp_path, capsys):
    label(input=news, models=runs, actors=FINDER, output=tmp_path / "labels.jsonl", verbose=True)
    told = capsys.readouterr().out
    first, rained, last = read_rows(tmp_path / "labels.jsonl")
    assert list(first)[10:] == [
        "read_by",
        "tone",
        "tone_scores",
        BOTH,
        f"{BOTH}_scores",
        "format",
        "codebooks",
        "extent",
    ]
    assert first["codebooks"] == {
        "tone": {
            "unit": "example",
            "multi_label": False,
            "scale": ["cold", "cool", "warm"],
            "towards": "target",
            "absent": "flat",
        },
        BOTH: {
            "unit": "sentence",
            "multi_label": True,
            "scale": [],
            "towards": "",
            "absent": "",
        },
    }
    assert [(row["actor"], row["target"], row["tone"]) for row in (first, rained, last)] == [
        ("Peru", "levy", "cold"),
        (None, None, None),
        ("Oman", "levy", "warm"),
    ]
    assert set(first["tone_scores"]) == {"cold", "cool", "warm", "flat"}
    assert rained["tone_scores"] is None and rained["id"] == "news.1"
    for row in (first, rained, last):
        assert row[BOTH] == ["home & hearth"]
        assert set(row[f"{BOTH}_scores"]) == {"foreign", "home & hearth"}
    assert (
        "3 sentences: 2 with an actor; 2 positions, 0 pairs with no position on the target left out "
        "(in rows=all), 1 of sentences alone"
    ) in told
    assert f"{BOTH}: home & hearth" in told and "It rained" not in told
    blame, tone = runs
    assert f"labelled by nb (tone, {tone}/model), majority ({BOTH}, {blame}/model)" in told


def test_the_experiment_and_each_run_by_itself_give_the_same(runs, news, tmp_path):
    for name, models in (("both", runs), ("whole", runs[0].parent.parent), ("blame", runs[0])):
        label(input=news, models=models, actors=FINDER, output=tmp_path / f"{name}.jsonl")
    both, whole, blame = (
        read_rows(tmp_path / f"{name}.jsonl") for name in ("both", "whole", "blame")
    )
    assert whole == both
    # Whoever acts in it, a sentence has one row, and the codes that its rows have beside others.
    assert [row["id"] for row in blame] == ["news.0", "news.1", "news.2"]
    assert [row[BOTH] for row in blame] == [row[BOTH] for row in both]
    assert all(row["actor"] is row["actor_start"] is row["target"] is None for row in blame)
    assert not any("tone" in row or "tone" in row["codebooks"] for row in blame)


def test_a_page_of_schemes_of_one_s_own(runs, news, tmp_path):
    """Names and codes of a codebook are data: they are escaped, and coloured by the scale alone."""
    label(input=news, models=runs, actors=FINDER, output=tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert '<mark class="low">Peru</mark> shunned' in page
    assert '<mark class="high">Oman</mark> cheered' in page
    assert '<span class="code low">cold</span>' in page and "blame &lt;&amp;&gt; guilt" in page
    assert '<span class="tag">home &amp; hearth</span>' in page and "<&>" not in page
    # Without a codebook of positions, actors are not looked for, and there is nothing to mark.
    label(input=news, models=runs[0], actors=FINDER, output=tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "<mark" not in page and "<li" not in page and "home &amp; hearth" in page


def test_an_archive_of_schemes_of_one_s_own(runs, tmp_path, capsys):
    rows = [
        {"text": f"Peru shunned levy {number}. It rained.", "party": "A"} for number in range(3)
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    for name, models, n in (("both", runs, 6), ("blame", runs[0], 6), ("tone", runs[1], 3)):
        done = label(
            input=tmp_path / "rows.jsonl",
            models=models,
            actors=FINDER,
            output=tmp_path / name,
            format="parquet",
            fields="party",
            verbose=True,
        )
        assert done.tally.n_rows == n
        table = pyarrow.parquet.read_table(tmp_path / name / "part-00000.parquet")
        assert table.num_rows == n and table.column("party").to_pylist() == ["A"] * n
    assert "6 sentences; 6 rows" in capsys.readouterr().out
    table = pyarrow.parquet.read_table(tmp_path / "both" / "part-00000.parquet")
    assert table.column("tone").null_count == table.column("actor").null_count == 3
    with pytest.raises(
        KitError, match="labels with other models, codebooks; choose another folder"
    ):
        label(
            input=tmp_path / "rows.jsonl",
            models=runs,
            actors=FINDER,
            output=tmp_path / "tone",
            format="parquet",
            fields="party",
        )


def save_majority(folder, codebook, rows):
    path = folder / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    data = TableCorpus(path).read(codebook)
    model = Majority().fit(data.examples, encode_labels(data))
    return persistence.save(FittedClassifier(model, codebook, name="own"), folder / codebook.name)


CODES = {name: {"definition": f"{name}."} for name in ("yes", "no")}
ROW = {"text": "Peru left.", "actor": "Peru", "target": "the levy", "code": "yes"}


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        (
            "sentence",
            [],
            "codebook 'sentence' needs the columns .*, and labels have another sentence",
        ),
        ("codebooks", [], "codebook 'codebooks' needs the columns"),
        ("party", ["party"], r"fields=\['party'\] are columns that labels have of their own"),
        ("tone", ["tone_scores"], r"fields=\['tone_scores'\] are columns"),
    ],
)
def test_a_column_is_not_taken_twice(name, fields, message, tmp_path):
    model = save_majority(tmp_path, make_codebook(name, CODES, column="code"), [ROW])
    (tmp_path / "in.jsonl").write_text(json.dumps(ROW))
    with pytest.raises(KitError, match=message):
        label(input=tmp_path / "in.jsonl", models=model, fields=fields, output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_scheme_of_several_codes_per_actor_and_a_scheme_without_positions(news, tmp_path, capsys):
    """What is shown depends on the codebook alone: no scale, no colour; no position, no count of them."""
    tags = make_codebook("tags", CODES, column="code", multi_label=True)
    acts = make_codebook("acts", CODES, column="code", absent="no")
    models = [
        save_majority(tmp_path, tags, [{**ROW, "code": ["yes", "no"]}]),
        save_majority(tmp_path, acts, [ROW]),
    ]
    rows = label(
        input=news, models=models, actors=FINDER, output=tmp_path / "page.html", verbose=True
    )
    told = capsys.readouterr().out
    assert [(row["tags"], row["acts"]) for row in rows] == [(["no", "yes"], "yes")] * 2
    assert "3 sentences: 2 with an actor; 2 rows\n" in told and "no, yes" in told
    page = (tmp_path / "page.html").read_text()
    assert '<mark class="plain">Peru</mark>' in page and "tags: <span" in page
    assert "Who stands where" not in page + told and "How often: acts, of 2 rows" in told
    # A code that means none of the others is not worth a line.
    never = save_majority(tmp_path, acts, [{**ROW, "code": "no"}])
    label(input=news, models=never, actors=FINDER, verbose=True)
    assert "Peru" not in capsys.readouterr().out


def test_the_risk_is_that_of_models_that_code_actors(saved, risk, news):
    """Those of sentences decide only where no others label; a sentence alone is not set aside."""
    job = LabellingJob(find_models([saved]), FINDER, risk=risk)
    article = read_article(news)
    labelled = label_article(article, job)
    model = job.labeller().models["stance"]
    by_stance = [
        model.declined([row.predictions["stance"]], risk)[0] if row.example.actor else False
        for row in labelled.rows
    ]
    assert labelled.declined == by_stance and len(by_stance) == 3
    frames = LabellingJob(find_models([saved / "diplomacy"]), FINDER, risk=0.5)
    labelled = label_article(article, frames)
    model = frames.labeller().models["diplomacy"]
    by_frames = model.declined([row.predictions["diplomacy"] for row in labelled.rows], 0.5)
    assert labelled.declined == by_frames and len(by_frames) == 3
