"""Gold of several judgements per row: from a table, a project and a file of posteriors to estimates."""

import json

import numpy as np
import pandas as pd
import pytest
from made_labels import CODES, made, written

from stancekit.annotation.project import Project
from stancekit.annotation.records import Judgement
from stancekit.commands.estimate import estimate
from stancekit.commands.judgements import judgements
from stancekit.commands.sample import sample
from stancekit.errors import KitError

NAMES = ("ana", "ben", "cem")


@pytest.fixture
def study(tmp_path):
    """Labels, and a table of what three people gave to 200 rows, who err in a fifth of them."""
    rows, gold = made()
    labels = written(tmp_path, rows)
    drawn = sample(labels=labels, n=200, output=tmp_path / "sample.csv").to_frame()
    random = np.random.default_rng(0)
    judged = []
    for id_, probability in zip(drawn["id"], drawn["probability"], strict=True):
        for name in NAMES:
            code = gold[id_] if random.random() < 0.8 else random.choice(CODES)
            judged.append(
                {"id": id_, "probability": probability, "annotator": name, "stance": code}
            )
    return labels, pd.DataFrame(judged), gold


def shares(labels, table, **settings):
    found = estimate(labels, gold=table, **settings)
    return {one.code: one for one in found.shares}, found.notes


def test_what_annotators_say_on_average_has_a_part_of_its_own(study):
    labels, table, _ = study
    mean, notes = shares(labels, table, judgements="mean")
    assert any("3 annotators gave 600 judgements of 200 rows" in note for note in notes)
    assert any("of the variance of estimates" in note for note in notes)
    plain, _ = shares(labels, table)
    for code in CODES:
        given = table.assign(has=table["stance"] == code).groupby("annotator")["has"].mean()
        assert mean[code].gold_only[0] == pytest.approx(given.mean(), abs=1e-9)
        assert 0 <= mean[code].from_annotators < 1 and plain[code].from_annotators is None
    frame = estimate(labels, gold=table, judgements="mean").to_frame()
    assert frame["from_annotators"].between(0, 1).all()
    assert "from_annotators" not in estimate(labels, gold=table).to_frame()
    assert "from annotators" in repr(estimate(labels, gold=table, judgements="mean"))


def test_posteriors_are_nearer_to_the_truth_than_what_annotators_say(study):
    labels, table, gold = study
    posterior, notes = shares(labels, table, judgements="posterior")
    mean, _ = shares(labels, table, judgements="mean")
    truth = {code: np.mean([each == code for each in gold.values()]) for code in CODES}
    inside = [
        posterior[code].estimate[1] <= truth[code] <= posterior[code].estimate[2] for code in CODES
    ]
    assert all(inside)
    off = {
        name: sum(abs(found[code].gold_only[0] - truth[code]) for code in CODES)
        for name, found in (("posterior", posterior), ("mean", mean))
    }
    assert off["posterior"] < off["mean"]
    assert any("err independently" in note for note in notes)
    assert all(posterior[code].from_annotators > 0 for code in CODES)


def test_majority_and_decisions(study):
    labels, table, gold = study
    by_most, notes = shares(labels, table)
    assert any("given by most annotators" in note for note in notes)
    assert any("on which no code has a majority are not used" in note for note in notes)
    decided = [
        {
            "id": id_,
            "probability": part["probability"].iloc[0],
            "annotator": "adjudicated",
            "stance": gold[id_],
        }
        for id_, part in table.groupby("id")
        if part["stance"].nunique() > 1
    ]
    whole = pd.concat([table, pd.DataFrame(decided)])
    adjudicated, notes = shares(labels, whole)
    assert any(f"{len(decided)} adjudicated" in note for note in notes)
    assert adjudicated["none"].n_annotated == 200 > by_most["none"].n_annotated
    again, _ = shares(labels, whole, judgements="majority")
    assert {code: one.estimate for code, one in again.items()} == {
        code: one.estimate for code, one in by_most.items()
    }


def test_a_project_its_exported_table_and_the_table_say_the_same(study, tmp_path):
    labels, table, _ = study
    project = Project.create(
        tmp_path / "study.db",
        codebooks=["stance"],
        rows=tmp_path / "sample.csv",
        annotators=list(NAMES),
        overlap=3,
        share=1.0,
    )
    by_key = {(row.id, row.annotator): row.stance for row in table.itertuples()}
    with project:
        control = {"id": "known", "sentence": "All know it.", "stance": "none"}
        project.add_items([control], kind="control")
        for item in project.items():
            for name in NAMES:
                code = by_key.get((item.id, name), "condemn")
                given = {"item": item.number, "annotator": name}
                project.save(Judgement(**given, codes={"stance": (code,)}))
                if item.number % 9 == 0:
                    again = "none" if code == "condemn" else "condemn"
                    project.save(Judgement(**given, codes={"stance": (again,)}, repeat=1))
    judgements(tmp_path / "study.db", output=tmp_path / "judged.csv")
    for rule in ("mean", "majority", "posterior"):
        one, *others = (
            estimate(labels, gold=gold, judgements=rule).to_frame()
            for gold in (table, tmp_path / "study.db", tmp_path / "judged.csv")
        )
        for other in others:
            pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("rule", ["adjudicated", "mean"])
def test_columns_of_the_user_s_own_leave_no_judgement_out(study, rule):
    """Those of a project's table that say what is none of the sample have plain names."""
    labels, table, _ = study
    right, _ = shares(labels, table, judgements=rule)
    own = table.assign(
        kind=table["stance"].map({"condemn": "control"}).fillna("treated"),
        repeat=(table["annotator"] == "ana").astype(int),
        round=1,
    )
    for columns in (["kind"], ["repeat"], ["kind", "repeat"], ["kind", "repeat", "round"]):
        found, _ = shares(labels, own[[*table, *columns]], judgements=rule)
        assert {code: one.estimate for code, one in found.items()} == {
            code: one.estimate for code, one in right.items()
        }


def test_a_file_of_posteriors(study, tmp_path):
    labels, table, _ = study
    rows = []
    for id_, part in table.groupby("id"):
        given = part["stance"].value_counts(normalize=True)
        rows.append(
            {
                "id": id_,
                "stance_posterior": json.dumps({code: given.get(code, 0) for code in CODES}),
            }
        )
    pd.DataFrame(rows).to_csv(tmp_path / "posteriors.csv", index=False)
    found, notes = shares(labels, tmp_path / "posteriors.csv", judgements="posterior")
    assert found["none"].n_annotated == 200 and found["none"].from_annotators > 0
    assert any("how uncertain the posteriors themselves are is not known" in note for note in notes)


def test_two_annotators_get_no_number_for_others(study):
    labels, table, _ = study
    two = table[table["annotator"] != "cem"]
    found, _ = shares(labels, two, judgements="mean")
    assert all(one.estimate is None for one in found.values())
    assert found["none"].note == "too few annotators: 2, and 3 are needed"
    with pytest.raises(KitError, match="who errs can be told from rows that 3 or more judged"):
        estimate(labels, gold=two, judgements="posterior")


def test_an_annotator_with_one_judgement_is_one_of_them(study):
    labels, table, _ = study
    one = pd.concat([table, table.iloc[:1].assign(annotator="dee")])
    found, notes = shares(labels, one, judgements="mean")
    assert any("4 annotators gave 601 judgements" in note for note in notes)
    before, _ = shares(labels, table, judgements="mean")
    assert found["none"].estimate == pytest.approx(before["none"].estimate, abs=0.01)
    posterior, _ = shares(labels, one, judgements="posterior")
    assert posterior["none"].estimate is not None


@pytest.mark.parametrize("rule", ["adjudicated", "majority", "mean", "posterior"])
def test_codes_that_no_label_has_are_named(study, rule):
    labels, table, _ = study
    table.loc[[0, 5], "stance"] = ["condemms", "suport"]
    with pytest.raises(KitError, match=r"the codes condemms, suport, which the labels have no"):
        estimate(labels, gold=table, judgements=rule)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"annotator": None}, r": a code of no annotator"),
        ({"stance": "none; support"}, r": 2 codes in one judgement"),
        ({"probability": 0.001}, r": its rows differ in probability or batch"),
    ],
)
def test_faults_are_told_at_once(study, change, told):
    labels, table, _ = study
    table = table.astype(object)
    for name, value in change.items():
        table.loc[[1, 4], name] = value
    with pytest.raises(KitError, match=rf"2 faults in its judgements .*{told}"):
        estimate(labels, gold=table, judgements="mean")


def test_contradictions_of_one_annotator_are_refused(study):
    labels, table, _ = study
    first = table.iloc[:1]
    other = next(code for code in CODES if code != first["stance"].iloc[0])
    twice = pd.concat([table, first.assign(stance=other)])
    with pytest.raises(KitError, match="ana gave different codes"):
        estimate(labels, gold=twice, judgements="mean")
    with pytest.raises(KitError, match=r"different judgements of .* by one annotator"):
        estimate(labels, gold=[table, first.assign(stance=other)], judgements="mean")


def test_what_is_missing_is_named(study):
    labels, table, _ = study
    plain = table.drop_duplicates("id").drop(columns="annotator")
    for rule in ("mean", "majority", "posterior"):
        with pytest.raises(KitError, match=f"no column annotator.*judgements={rule} takes a row"):
            estimate(labels, gold=plain, judgements=rule)
    with pytest.raises(
        KitError, match="unknown judgements='average'; there are: adjudicated, major"
    ):
        estimate(labels, gold=table, judgements="average")
    bad = plain.assign(stance_posterior='{"condemn": 0.9, "support": 0.3}')
    with pytest.raises(KitError, match="write the probability of every code, which add up to 1"):
        estimate(labels, gold=bad, judgements="posterior")


def test_judgements_with_the_model_in_view_are_refused(study):
    labels, table, _ = study
    seen = table.assign(suggestion=["before", "", ""] * 200)
    with pytest.raises(KitError, match=r"200 of 600 judgements .* set suggested=true"):
        estimate(labels, gold=seen, judgements="mean")
    _, notes = shares(labels, seen, judgements="mean", suggested=True)
    assert any("lean towards it" in note for note in notes)


def test_files_of_several_annotators_are_put_together(study):
    labels, table, _ = study
    apart = [table[table["annotator"] == name] for name in NAMES]
    for rule in ("mean", "posterior"):
        joined = estimate(labels, gold=apart, judgements=rule).to_frame()["estimate"]
        one = estimate(labels, gold=table, judgements=rule).to_frame()["estimate"]
        assert joined.to_numpy() == pytest.approx(one.to_numpy(), abs=1e-9)


def test_several_codes_per_row(tmp_path):
    from made_labels import declared

    random = np.random.default_rng(1)
    rows, judged = [], []
    for at in range(300):
        true = [code for code in ("law", "peace") if random.random() < 0.4]
        scores = {code: 0.8 if code in true else 0.2 for code in ("law", "peace")}
        rows.append(
            {"id": f"r{at}", "article": f"a{at}", "sentence": "s", "actor": "A", "target": "T"}
        )
        rows[-1] |= {"frames": true, "frames_scores": scores} | declared("frames", multi_label=True)
        for name in NAMES:
            given = [code for code in ("law", "peace") if (code in true) != (random.random() < 0.1)]
            judged.append({"id": f"r{at}", "annotator": name, "frames": "; ".join(given) or "-"})
    labels, table = written(tmp_path, rows), pd.DataFrame(judged[:450])
    for rule in ("mean", "posterior", "majority"):
        found = estimate(labels, gold=table, judgements=rule).shares
        assert all(0.2 < one.estimate[0] < 0.6 and one.n_annotated == 150 for one in found)
