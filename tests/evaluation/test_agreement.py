import numpy as np
import pytest
from bench.coverage_scores import alpha_coverage
from sklearn.metrics import cohen_kappa_score

from stancekit.corpus import TableCorpus
from stancekit.errors import KitError
from stancekit.evaluation.agreement import measure_agreement
from stancekit.evaluation.disagreements import set_distance
from stancekit.evaluation.krippendorff import alpha, observed_agreement


def test_the_worked_example_of_krippendorff():
    # Krippendorff (2011), section A: two observers, binary data, ten units; alpha 0.095.
    first = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    second = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    assert alpha(first, second).value == pytest.approx(0.095, abs=0.001)


def test_nominal_data_of_two_observers():
    # Krippendorff (2011), section B: two observers, five categories, twelve units; alpha 0.692.
    assert alpha("aabbdcccedda", "babbbccceddd").value == pytest.approx(0.692, abs=0.0005)


def test_perfect_and_chance_agreement():
    generator = np.random.default_rng(0)
    one, other = generator.integers(0, 4, (2, 4000)).tolist()
    assert alpha(one, one).value == 1
    chance = alpha(one, other)
    assert chance.low < 0 < chance.high


def test_sets_of_codes_and_clusters():
    first = [frozenset({"peace"}), frozenset(), frozenset({"peace", "legality"})] * 10
    score = alpha(first, first[::-1], clusters=[str(at // 3) for at in range(30)], name="frames")
    assert score.n == 30 and score.slice == "frames" and score.low <= score.value <= score.high


def test_a_code_that_neither_annotator_used_has_no_alpha():
    never = [False] * 12
    score = alpha(never, never, clusters=[str(at // 3) for at in range(12)], name="none")
    assert np.isnan([score.value, score.low, score.high]).all() and score.n == 12
    # A code used once: replicates without it do not count as full agreement.
    once = [True, *never[1:]]
    rare = alpha(once, never, clusters=[str(at) for at in range(12)])
    assert rare.value == 0 and rare.low <= 0 <= rare.high < 0.5


# Krippendorff (2011), section C: four observers, twelve units, missing values.
FOUR = (
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
)


@pytest.mark.parametrize(("scale", "expected"), [((), 0.743), ((1, 2, 3, 4, 5), 0.815)])
def test_any_number_of_annotators_with_missing_values(scale, expected):
    score = alpha(*FOUR, scale=scale)
    assert score.value == pytest.approx(expected, abs=0.0005)
    # The last unit has one value only, which agrees with nothing.
    assert score.n == 11 and score.low <= score.value <= score.high


@pytest.mark.parametrize(
    ("distance", "expected"),
    [(lambda a, b: (a - b) ** 2, 0.849), (lambda a, b: ((a - b) / (a + b)) ** 2, 0.797)],
    ids=["interval", "ratio"],
)
def test_other_distances_of_the_same_worked_example(distance, expected):
    # Krippendorff (2011), section C: alpha of the same data as interval and as ratio data.
    assert alpha(*FOUR, distance=distance).value == pytest.approx(expected, abs=0.0005)


def test_percent_agreement_is_one_minus_the_observed_disagreement_of_alpha():
    # By hand, of the units of `FOUR`: 40 values in units with several, and in the second, sixth and
    # eighth as many pairs that differ as the weights 1 / (values - 1) give.
    found = observed_agreement(*FOUR)
    by_unit = [[value for value in unit if value] for unit in zip(*FOUR, strict=True)]
    differ = n = 0.0
    for values in (values for values in by_unit if len(values) > 1):
        pairs = [a != b for i, a in enumerate(values) for j, b in enumerate(values) if i != j]
        differ += sum(pairs) / (len(values) - 1)
        n += len(values)
    assert found.value == pytest.approx(1 - differ / n) and n == 40 and found.n == 11
    assert found.metric == "agree" and found.low <= found.value <= found.high <= 1
    two = observed_agreement([1, 2, 3, 1], [1, 2, 1, None])
    assert two.value == pytest.approx(2 / 3) and two.n == 3


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # Passonneau (2006): MASI is the Jaccard index times 1 (the same), 2/3 (one in the other),
        # 1/3 (some shared) or 0. NLTK 3.10 gives the same distances of these sets.
        ("ab", "ab", 0),
        ("ab", "abcd", 1 - 1 / 2 * 2 / 3),
        ("abc", "bcd", 1 - 1 / 2 * 1 / 3),
        ("ab", "cd", 1),
        ("", "a", 1),
        ("", "", 0),
    ],
)
def test_the_distance_of_sets_is_that_of_masi(first, second, expected):
    for sets in ((first, second), (second, first)):
        assert set_distance(*map(frozenset, sets)) == pytest.approx(expected)


def test_a_distance_on_the_scale_counts_more():
    gold = ["low", "middle", "high"] * 20
    near = ["middle" if value == "high" and at % 2 else value for at, value in enumerate(gold)]
    far = ["low" if value == "high" and at % 2 else value for at, value in enumerate(gold)]
    scale = ["low", "middle", "high"]
    assert alpha(gold, near, scale=scale).value > alpha(gold, far, scale=scale).value + 0.1
    # A value that is not on the scale is left out.
    assert alpha([*gold, "none"], [*near, "low"], scale=scale).n == 60


def test_two_annotators_of_nominal_data_as_by_its_formula():
    generator = np.random.default_rng(1)
    first, second = generator.integers(0, 3, (2, 200)).tolist()
    pairs = list(zip(first, second, strict=True))
    totals = np.bincount([*first, *second])
    differ = sum(a != b for a, b in pairs)
    expected = 1 - (2 * differ) * 399 / (400**2 - (totals**2).sum())
    assert alpha(first, second).value == pytest.approx(expected, abs=1e-12)


def test_alpha_with_a_distance_of_sets_is_that_of_the_definition():
    # By hand: one minus the mean distance within units over that of all pairs of values.
    first = [frozenset("ab"), frozenset("a"), frozenset("b"), frozenset()]
    second = [frozenset("a"), frozenset("a"), frozenset("a"), frozenset()]
    score = alpha(first, second, distance=set_distance)
    values = first + second
    pairs = [(a, b) for i, a in enumerate(values) for j, b in enumerate(values) if i != j]
    expected = np.mean([set_distance(a, b) for a, b in pairs])
    observed = np.mean([set_distance(a, b) for a, b in zip(first, second, strict=True)])
    assert score.value == pytest.approx(1 - observed / expected)
    assert score.value > alpha(first, second).value


def test_sets_with_hundreds_of_values_stay_small_in_memory():
    generator = np.random.default_rng(0)
    sets = [frozenset(row.tolist()) for row in generator.integers(0, 30, (3000, 3))]
    score = alpha(sets, sets[:1500] + sets[:1500], clusters=[str(at) for at in range(3000)])
    assert 0.4 < score.low < score.value < score.high < 0.6


CODES = ["condemn", "abstain", "support", "none"]


@pytest.fixture
def three(jsonl):
    """Return rows of three annotators, the third with gaps, and how they are read."""
    generator = np.random.default_rng(1)
    rows = []
    for index in range(60):
        first = CODES[generator.integers(4)]
        other = first if generator.random() < 0.7 else CODES[generator.integers(4)]
        third = "" if index % 3 else first
        rows.append(
            {"id": str(index), "article": str(index // 4), "text": f"Peru spoke {index}."}
            | {"a": first, "b": other, "c": third}
        )
    return rows, TableCorpus(jsonl(*rows), annotators=["a", "b", "c"])


def test_agreement_of_three_annotators_with_gaps(three, stance):
    rows, corpus = three
    found = measure_agreement(corpus.annotations(stance))
    columns = [[row[name] or None for row in rows] for name in "abc"]
    clusters = [row["article"] for row in rows]
    assert found.scores[0].value == alpha(*columns, clusters=clusters).value
    frame = found.to_frame()
    assert frame["codes"].tolist() == ["all", "on the scale", *sorted(CODES)]
    assert (frame["low"] <= frame["alpha"]).all() and frame["n"][0] == found.n == 60
    pairs = found.pairwise()
    assert list(zip(pairs["first"], pairs["second"], strict=True)) == [
        ("a", "b"),
        ("a", "c"),
        ("b", "c"),
    ]
    assert pairs["n"].tolist() == [60, 20, 20] and pairs["agree"][1] == 1
    assert pairs["kappa"][0] == pytest.approx(cohen_kappa_score(columns[0], columns[1]))
    assert "annotated: a 60, b 60, c 20" in found.notes
    assert frame["agree"][0] == observed_agreement(*columns, clusters=clusters).value
    given = found.by_annotator().set_index("annotator")
    assert given["n"].tolist() == [60, 60, 20] and "seconds" not in given
    assert given.loc["b", sorted(CODES)].tolist() == [
        sum(row["b"] == code for row in rows) for code in sorted(CODES)
    ]
    assert "3 annotators on stance" in found.caption and "<table" in found._repr_html_()


def test_median_seconds_of_each_annotator(jsonl, stance):
    took = {"a": [5, 7, 90, ""], "b": ["1,5", 2.5, 2, 4]}
    rows = [
        {
            "id": str(at),
            "text": f"Peru spoke {at}.",
            "stance": "none",
            "coder": coder,
            "seconds": each,
        }
        for coder, times in took.items()
        for at, each in enumerate(times)
    ]
    corpus = TableCorpus(jsonl(*rows), columns={"annotator": "coder"})
    found = measure_agreement(corpus.annotations(stance)).by_annotator()
    assert found["seconds"].tolist() == [7, 2.25] and found["none"].tolist() == [4, 4]
    rows[1]["seconds"], rows[2]["seconds"] = "soon", -1
    corpus = TableCorpus(jsonl(*rows), columns={"annotator": "coder"})
    with pytest.raises(KitError, match=r"'soon'; they are a number.*\(row 2\), .*'-1'.*\(row 3\)"):
        corpus.annotations(stance)


def test_intervals_of_alpha_hold_in_simulation():
    table = alpha_coverage(designs=((40, 3),), draws=60)
    by_method = table.set_index("method")["coverage"]
    assert by_method["kit"] >= 0.88 > by_method["rows"]


def test_disagreements_are_listed_the_most_distant_first(three, stance):
    rows, corpus = three
    found = measure_agreement(corpus.annotations(stance))
    frame = found.disagreements()
    differ = {row["id"] for row in rows if row["a"] != row["b"]}
    assert set(frame["id"]) == differ and frame["distance"].is_monotonic_decreasing
    far = frame[frame["distance"] == 2]
    assert all({row.a, row.b} == {"condemn", "support"} for row in far.itertuples())
    assert (frame["stance"] == "").all() and "actor" not in frame
    assert sum(count for _, count in found.confused()) == len(differ)


def test_agreement_needs_two_annotators_with_rows_in_common(jsonl, stance):
    rows = [{"text": "One.", "a": "none", "b": ""}, {"text": "Two.", "a": "", "b": "none"}]
    with pytest.raises(KitError, match=r"has one annotator of codebook stance, 'a'"):
        measure_agreement(TableCorpus(jsonl(*rows), annotators=["a"]).annotations(stance))
    with pytest.raises(KitError, match=r"no row of .* has annotations of two of a, b"):
        measure_agreement(TableCorpus(jsonl(*rows), annotators=["a", "b"]).annotations(stance))


@pytest.mark.slow
def test_committed_agreement_of_the_bundled_corpus(un_votes, stance, diplomacy):
    # The numbers of data/un_votes/README.md.
    expected = {"stance": (0.951, 0.939, 0.962), "diplomacy": (0.881, 0.863, 0.898)}
    for codebook, n in ((stance, 3923), (diplomacy, 1766)):
        annotated = un_votes.annotations(codebook)
        units = annotated.units()
        assert units.annotators == ("labels", "second") and units.gold_from == "labels"
        assert sum(second is not None for _, second in units.codes) == n
        score = measure_agreement(annotated).scores[0]
        assert (score.value, score.low, score.high) == pytest.approx(
            expected[codebook.name], abs=0.0006
        )
