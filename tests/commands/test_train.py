"""Training from Python and from the command line: which run is which, what is said, and what is left behind."""

import json

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB
from sklearn.svm import LinearSVC

from stancekit.__main__ import main
from stancekit.commands.compare import CompareRuns, keep_all
from stancekit.commands.train import train
from stancekit.corpus import FixedSplit, GroupedSplit, TableCorpus
from stancekit.errors import KitError
from stancekit.models import persistence
from stancekit.models.ensemble import Ensemble
from stancekit.models.features import Marked, Pair, Plain
from stancekit.models.lexicon import Lexicon
from stancekit.models.linear import Linear
from stancekit.models.majority import Majority
from stancekit.runs.folder import read_runs
from stancekit.runs.leaderboard import leaderboards

PLACES = (
    "Peru",
    "Oman",
    "Fiji",
    "Mali",
    "Chad",
    "Cuba",
    "Iran",
    "Laos",
    "Togo",
    "Niue",
    "Iraq",
    "Guam",
)
SAYS = {
    "condemn": "{0} denounced the levy over {1} and {2} in the hall",
    "abstain": "{0} would not say what {2} or {1} made of the levy",
    "support": "{0} welcomed the levy that {1} drew up with {2}",
    "none": "{0} lies far from {2}, where {1} collects the levy",
}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Write a small corpus of our own with a split, topics and articles."""
    rows = []
    for at, place in enumerate(PLACES):
        for code, says in SAYS.items():
            others = PLACES[(at * 5 + 1) % 12], PLACES[(at * 7 + 3) % 12]
            split = "train" if at < 6 else "validation" if at < 8 else "test"
            row = {
                "text": f"{says.format(place, *others)}, {code} {at}.",
                "actor": place,
                "target": "the levy",
            }
            row |= {"stance": code, "article": at, "split": split, "topic": f"topic {at % 4}"}
            rows.append(row)
    path = tmp_path_factory.mktemp("corpus") / "small.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def fit(**settings):
    """Train as a user does in Python, and return the run."""
    return train(**settings).run


@pytest.fixture
def small(file, stance, tmp_path):
    """Return what every call of `train` here has in common."""
    return {
        "corpus": TableCorpus(file),
        "codebook": stance,
        "split": FixedSplit(),
        "output": tmp_path / "out",
    }


def test_different_calls_never_share_a_run(small):
    model = Linear(ComplementNB(), features=Marked())
    calls = [
        {},
        {"split": FixedSplit("drop")},
        {"split": GroupedSplit()},
        {"split": GroupedSplit(by="topic")},
        {"model": Linear(ComplementNB(alpha=0.3), features=Marked())},
        {"model": Linear(ComplementNB(), features=Plain())},
        {"features": Pair()},
        {"logit_adjustment": True},
        {"refit": True},
        {"codebook": small["codebook"], "name": "another"},
    ]
    folders = [fit(**{**small, "model": model, **call}).folder for call in calls]
    assert len(set(folders)) == len(calls)
    again = [fit(**{**small, "model": model, **call}).folder for call in calls]
    assert again == folders


def test_another_split_column_is_another_run(small, file, tmp_path):
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    swapped = tmp_path / "small.jsonl"
    change = {"train": "test", "test": "train", "validation": "validation"}
    swapped.write_text(
        "".join(json.dumps(row | {"split": change[row["split"]]}) + "\n" for row in rows)
    )
    one = fit(**small, model=Majority())
    other = fit(**{**small, "corpus": TableCorpus(swapped)}, model=Majority())
    assert one.folder != other.folder and len(one.rows) == 16 and len(other.rows) == 24


def test_an_altered_file_is_read_anew(small, file, tmp_path):
    own = tmp_path / "small.jsonl"
    own.write_text(file.read_text())
    first = fit(**{**small, "corpus": TableCorpus(own)}, model=Majority())
    own.write_text(file.read_text().replace("denounced", "cursed"))
    second = fit(**{**small, "corpus": TableCorpus(own)}, model=Majority())
    assert first.folder != second.folder and "cursed" in second.rows[0].example.text


def test_an_estimator_keeps_its_own_features(small):
    run = fit(**small, model=Linear(ComplementNB(), features=Marked()))
    assert isinstance(persistence.load(run.folder / "model").model.features, Marked)
    told = fit(**small, model=Linear(ComplementNB(), features=Marked()), features=Pair())
    assert isinstance(persistence.load(told.folder / "model").model.features, Pair)


def test_the_members_of_an_ensemble_keep_their_features(small):
    members = {
        "one": Linear(ComplementNB(), features=Marked()),
        "two": Linear(ComplementNB(), features=Pair()),
    }
    run = fit(**small, model=Ensemble(members))
    kept = persistence.load(run.folder / "model").model.members_
    assert {name: type(kept[name].features).__name__ for name in kept} == {
        "one": "Marked",
        "two": "Pair",
    }


def test_a_model_without_chance_is_trained_once(small):
    same = [
        fit(**small, model=Linear(LogisticRegression()), random_state=state) for state in (0, 1, 2)
    ]
    assert len({run.folder for run in same}) == 1 and same[2].random_state == 0
    assert same[0].deterministic
    # One that draws lots, or a split that does, has a run per random state.
    lots = [
        fit(**small, model=Linear(LinearSVC(dual=True)), random_state=state, name="svm")
        for state in (0, 1)
    ]
    assert lots[0].folder != lots[1].folder and not lots[0].deterministic
    drawn = [
        fit(
            **{**small, "split": GroupedSplit(per_state=True)}, model=Majority(), random_state=state
        )
        for state in (0, 1)
    ]
    assert drawn[0].folder != drawn[1].folder


def test_what_was_trained_is_told(small, capsys):
    run = fit(**small, model=Majority())
    said = capsys.readouterr().out
    fit(**small, model=Majority())
    assert f"macro-F1 {run_score(run)} [" in said and f"run: {run.folder}\n" in said
    assert capsys.readouterr().out == said


def test_nothing_is_printed_where_that_is_asked_for(small, capsys):
    fit(**small, model=Majority(), verbose=False)
    assert capsys.readouterr().out == ""


def test_a_name_in_python_and_on_the_command_line_is_the_same_run(file, tmp_path, capsys):
    told = [f"corpus={file}", f"output={tmp_path / 'out'}"]
    assert main(["train", *told, "model=svm", "model.classifier.C=0.5"]) == 0
    printed = capsys.readouterr().out
    model = train(
        TableCorpus(file), model="svm", settings={"classifier.C": 0.5}, output=tmp_path / "out"
    )
    # The second is the first, read back: nothing is trained again.
    (folder,) = (tmp_path / "out" / "runs").iterdir()
    assert model.run.folder == folder and model.run.model == "svm" and model.run.split == "fixed"
    assert capsys.readouterr().out == printed
    assert printed.splitlines()[-1] == f"run: {folder}"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"model": "svmm"}, "no model 'svmm'; is 'svm' meant"),
        ({"model": "svm", "split": "groupd"}, "no split 'groupd'; is 'grouped' meant"),
        ({"model": "svm", "codebook": "stanc"}, "no codebook 'stanc'; there are: .*stance"),
        ({"model": 3}, r"model is 3; give a name, or an object with get_params\(\)"),
        ({"model": "svm", "split": 3}, r"split is 3; give a name"),
        ({"model": Majority(), "settings": {"C": 1}}, r"settings= are of a model that is named"),
    ],
    ids=str,
)
def test_a_wrong_name_is_told_with_the_right_ones(small, given, message):
    with pytest.raises(KitError, match=message):
        train(**{**small, **given})


def unmarked(file, tmp_path):
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    path = tmp_path / "unmarked.jsonl"
    path.write_text("".join(json.dumps(row | {"split": ""}) + "\n" for row in rows))
    return path


def test_without_a_split_the_data_s_marks_count_else_whole_articles(small, file, tmp_path, capsys):
    marked = fit(**{**small, "split": None}, model=Majority(), name="m")
    assert marked.split == "fixed" and len(marked.rows) == 16
    # The very run that the split's name would be.
    assert fit(**{**small, "split": "fixed"}, model=Majority(), name="m").folder == marked.folder
    assert "as the data marks none" not in capsys.readouterr().out
    corpus = TableCorpus(unmarked(file, tmp_path))
    drawn = fit(**{**small, "split": None, "corpus": corpus}, model=Majority())
    assert drawn.split == "grouped"
    assert "(split grouped, as the data marks none; random" in capsys.readouterr().out
    articles = {row.example.article for row in drawn.rows}
    assert len(drawn.rows) == 4 * len(articles)


def test_the_command_line_divides_unmarked_data_too(file, tmp_path, capsys):
    words = ["train", f"corpus={unmarked(file, tmp_path)}", "model=majority"]
    assert main([*words, f"output={tmp_path / 'out'}"]) == 0
    assert "split grouped, as the data marks none" in capsys.readouterr().out
    assert main([*words, "split=fixed", f"output={tmp_path / 'out'}"]) == 2
    assert "no examples in: train, validation, test" in capsys.readouterr().err


def test_the_columns_that_were_read_are_noted_with_the_model(small, file, tmp_path):
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    path = tmp_path / "own.jsonl"
    path.write_text(
        "".join(
            json.dumps({"sentence": row["text"], "who": row["actor"], "stance": row["stance"]})
            + "\n"
            for row in rows
        )
    )
    corpus = TableCorpus(path, columns={"text": "sentence", "actor": "who"})
    model = train(**{**small, "corpus": corpus, "split": None}, model=Majority())
    manifest = json.loads((model.folder / "manifest.json").read_text())
    # It has no target, so that none is asked for.
    assert manifest["columns"] == {"text": "sentence", "actor": "who"}
    assert len(model.predict([{"sentence": "Peru left.", "who": "Peru"}])) == 1


def run_score(run):
    (board,) = leaderboards([run])
    return f"{board.best.main.value:.3f}".lstrip("0")


def test_a_wrong_setting_is_told_and_leaves_nothing(small):
    with pytest.raises(KitError, match=r"a setting of logreg is wrong: The 'C' parameter"):
        fit(**small, model=Linear(LogisticRegression(C="abc")), name="logreg")
    assert list((small["output"] / "runs").iterdir()) == []


def test_a_run_without_its_end_is_done_again(small):
    run = fit(**small, model=Majority())
    scores = (run.folder / "scores.csv").read_text()
    (run.folder / "run.json").unlink()
    (run.folder / "scores.csv").unlink()
    fit(**small, model=Majority())
    assert (run.folder / "scores.csv").read_text() == scores


def words(file, out, *more):
    corpus = ["corpus=table", f"corpus.path={file}", "codebook=stance", f"output={out}"]
    return [
        "train",
        "experiment=un_votes",
        *corpus,
        "model=majority,lexicon",
        "random_state=0",
        *more,
    ]


def test_an_experiment_ends_with_a_report_and_kept_models(file, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # A card alone is no model: it gives way to the one that is kept.
    place = tmp_path / "models" / "un_votes" / "stance"
    place.mkdir(parents=True)
    (place / "README.md").write_text("# another model")
    assert main(words(file, "mine")) == 0
    said = capsys.readouterr().out
    assert (
        "kept lexicon as models/un_votes/stance" in said
        and "report: mine/report/report.html" in said
    )
    assert (
        persistence.load(place).name == "lexicon"
        and "\n# lexicon for stance" in (place / "README.md").read_text()
    )
    # The command that was given, not one guessed from a folder's name.
    given = "stancekit train experiment=un_votes corpus=table"
    assert (
        given in (place / "README.md").read_text()
        and given in (tmp_path / "mine/report/report.html").read_text()
    )


def test_what_fails_at_the_end_of_an_experiment_is_no_success(file, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "models" / "un_votes" / "stance"
    place.mkdir(parents=True)
    (place / "thesis.docx").write_text("years of work")
    assert main(words(file, "mine")) == 2
    assert "models/un_votes/stance" in capsys.readouterr().err
    assert (place / "thesis.docx").read_text() == "years of work"
    # The report needs no place for a model.
    assert (tmp_path / "mine" / "report" / "report.html").exists()


def test_a_fault_of_the_kit_at_the_end_shows_its_traceback(tmp_path, capsys):
    class Overrides:
        task = ()

    class Config:
        hydra = type("Hydra", (), {"overrides": Overrides})

    ends = CompareRuns(str(tmp_path))
    ends._end = lambda command: {}["a key"]
    with pytest.raises(SystemExit, match="1"):
        ends.on_multirun_end(Config)
    assert "KeyError" in capsys.readouterr().err


def test_models_of_several_splits_are_not_kept_in_one_place(small, tmp_path):
    for split in (FixedSplit(), GroupedSplit()):
        fit(**{**small, "split": split}, model=Lexicon())
    with pytest.raises(KitError, match=r"takes one model per codebook.*stance"):
        keep_all(leaderboards(read_runs(small["output"])), tmp_path / "kept", "the command")
    assert not (tmp_path / "kept").exists()


def test_the_features_in_a_model_s_configuration_are_kept_unless_others_are_chosen(file, tmp_path):
    (tmp_path / "configs" / "model").mkdir(parents=True)
    (tmp_path / "configs" / "model" / "mine.yaml").write_text(
        "_target_: stancekit.models.linear.Linear\n"
        "classifier: {_target_: sklearn.naive_bayes.ComplementNB}\n"
        "features: {_target_: stancekit.models.features.Pair}\n"
    )
    common = ["train", "corpus=table", f"corpus.path={file}", "codebook=stance", "model=mine"]
    for name, more, kind in (("own", [], Pair), ("chosen", ["features=marked"], Marked)):
        out = tmp_path / name
        assert (
            main([*common, f"output={out}", *more, "--config-dir", str(tmp_path / "configs")]) == 0
        )
        (folder,) = (out / "runs").iterdir()
        assert isinstance(persistence.load(folder / "model").model.features, kind)


def test_rows_that_are_left_out_are_in_the_last_line(tmp_path, capsys):
    rows = [
        {"text": f"{name} {verb} the levy {n}.", "stance": code, "article": f"{name}{n}"}
        for n in range(8)
        for name, verb, code in (("Peru", "rejected", "condemn"), ("Chile", "welcomed", "support"))
    ]
    train([*rows, {"text": "", "stance": "support"}], model="nb", output=tmp_path)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.endswith("; 1 rows of the data could not be read and are left out")
    train(rows, model="nb", output=tmp_path)
    assert "left out" not in capsys.readouterr().out
