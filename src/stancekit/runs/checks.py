"""What a careful reader asks of a result before relying on it. Each check has a code, and a report begins with them."""

from collections.abc import Callable, Iterator

import numpy as np

from stancekit.errors import listing
from stancekit.evaluation.bootstrap import by_state
from stancekit.evaluation.comparison import PairedDifference
from stancekit.runs.answer_checks import ignores_codebook, no_answers, turned_by_order
from stancekit.runs.audit_checks import goes_by_names, target_blind_model
from stancekit.runs.check import Check, with_interval
from stancekit.runs.leaderboard import Leaderboard, LeaderboardRow
from stancekit.runs.record import Run

# With ten gold examples of a code, one more or less that is found moves its recall by a tenth.
FEW_GOLD = 10
# Clusters are called few below 20 to 50 (Cameron and Miller 2015, "A Practitioner's Guide to
# Cluster-Robust Inference", section 6); the kit's intervals were simulated from 50 on.
FEW_ARTICLES = 30
# Five points of macro-F1, or of calibration error, are more than most published differences.
APART = 0.05
MISCALIBRATED = 0.05
# The setting that makes the test part of a split the same for every random state.
_SAME_TEST_PART = "split.per_state=false, which draws the same test part for all"


def constant_score(entry: LeaderboardRow) -> float:
    """Return the macro-F1 on test of always giving what is commonest in training, over the codes in gold.

    For several codes per unit: of giving every code to every unit, which is the best that a
    constant can do. The mean over random states.
    """
    return float(np.mean([_constant_score(run) for run in entry.runs]))


def _constant_score(run: Run) -> float:
    f1 = {}
    for code in run.codes:
        share = sum(code in codes for codes in run.gold) / len(run.rows)
        if share:
            # Precision is the code's share, recall is 1.
            f1[code] = 2 * share / (1 + share)
    if run.multi_label or not f1:
        return float(np.mean(list(f1.values()))) if f1 else 0.0
    counts = run.gold_counts["train" if run.examples["train"] else "test"]
    commonest = max(counts, key=lambda code: counts[code])
    return f1.get(commonest, 0.0) / len(f1)


def no_better_than_constant(board: Leaderboard) -> Iterator[Check]:
    """C01: the best model does not beat giving everything the same code, or the one that is kept does just that."""
    main, floor = board.best.main, constant_score(board.best)
    if np.isnan(main.value):
        yield Check(
            "C01",
            "stop",
            "nothing to find",
            f"none of the {main.n} test examples has a code",
            "test on examples that have codes, and look at how the labels were read (stancekit data)",
        )
    # The lower end counts: a score whose interval reaches the floor may be no better than it.
    elif (main.value if np.isnan(main.low) else main.low) <= floor:
        yield Check(
            "C01",
            "stop",
            "no better than a constant",
            f"{board.best.first.model} scores {with_interval(main)}, giving the commonest code {floor:.3f}",
            "check the labels and the actor and target columns; train on more examples",
        )
    elif len(constant := set(board.chosen.labels)) == 1 and len(board.chosen.rows) > 1:
        n = board.chosen.examples["validation"]
        yield Check(
            "C01",
            "stop",
            "the model to keep is a constant",
            f"{board.chosen.model} gives every test example {listing(constant.pop()) or 'no code'}, and no other "
            f"model is better on the {n} validation examples",
            "annotate more examples for validation; until then name the run whose model is to label (models=RUN)",
        )


def shared_text(board: Leaderboard) -> Iterator[Check]:
    """C02: test has text that training has too."""
    # None is a model that was saved elsewhere: what it learned from cannot be compared.
    known = [entry.first.shared for entry in board.entries]
    shared = max((number for number in known if number is not None), default=0)
    if None in known:
        models = []
        for entry, number in zip(board.entries, known, strict=True):
            if number is None:
                models.append(entry.first.model)
        yield Check(
            "C02",
            "mind",
            "text shared by train and test is not known",
            f"what {', '.join(models)} learned from is not recorded with the model in a way that can be compared",
            "make sure that no test text, or a copy of it, was among the training texts",
        )
    if shared:
        yield Check(
            "C02",
            "stop",
            "text shared by train and test",
            f"{shared} of {len(board.best.first.rows)} test examples have nearly their text in train or validation",
            "use split.shared=drop, and report the score with the official split only beside it",
        )


def few_gold(board: Leaderboard) -> Iterator[Check]:
    """C03: a code has too few gold examples to learn or to score."""
    run = board.best.first
    for part in ("train", "test"):
        if not run.examples[part]:
            continue
        # A code that test lacks has no score to doubt: that it is lacking is reported below.
        rare = [
            f"{code}: {n}"
            for code, n in run.gold_counts[part].items()
            if n < FEW_GOLD and run.gold_counts["test"][code]
        ]
        lacking = describe_unscored(board.best) if part == "test" else ""
        if rare or lacking:
            yield Check(
                "C03",
                "mind",
                f"few gold examples in {part}",
                "; ".join(filter(None, [", ".join(rare), lacking])),
                f"annotate more of them: scores of a code mean little under {FEW_GOLD} examples",
            )


def describe_unscored(entry: LeaderboardRow) -> str:
    """Return in words which codes gold lacks, and how often a model gives them nevertheless; empty if it lacks none.

    Over all random states; where these have test sets of their own, codes that none of them has.
    """
    gold = {code for run in entry.runs for codes in run.gold for code in codes}
    lacking = [code for code in entry.first.codes if code not in gold]
    if not lacking:
        return ""
    total = sum(len(run.rows) for run in entry.runs)
    predicted = []
    for code in lacking:
        times = entry.not_in_gold.get(code, 0)
        predicted.append(f"{code} (predicted {times} times in {total} predictions)")
    return f"not in gold, so without a score and in no macro average: {', '.join(predicted)}"


def states_disagree(board: Leaderboard) -> Iterator[Check]:
    """C05: random states differ by more than the test set's own uncertainty would be read as."""
    for entry in board.entries:
        # Test sets that differ make random states differ, too.
        if len(entry.runs) < 2 or not entry.same_test_set:
            continue
        values = by_state(entry.counts, entry.macro)
        if values.max() - values.min() > APART:
            yield Check(
                "C05",
                "mind",
                f"random states of {entry.first.model} disagree",
                f"macro-F1 from {values.min():.3f} to {values.max():.3f} over {len(values)} random states",
                "report the mean over more random states, or average their models (model=ensemble)",
            )


def worse_than_lexicon(board: Leaderboard) -> Iterator[Check]:
    """C06: the cue lexicon is better on some code."""
    lexicon, best = board.entry("lexicon"), board.best
    if lexicon is None or best is lexicon:
        return
    for code in best.first.codes:
        score, cues = (entry.value("f1", f"code={code}") for entry in (best, lexicon))
        if score and cues and cues.value > score.value:
            yield Check(
                "C06",
                "mind",
                f"the lexicon is better on {code}",
                f"F1 {with_interval(cues)} against {with_interval(score)} of {best.first.model}",
                "look at the code's mistakes below; it may need more examples",
            )


def badly_calibrated(board: Leaderboard) -> Iterator[Check]:
    """C07: scores do not mean what they say."""
    error = board.best.value("ece")
    if error and error.low > MISCALIBRATED:
        yield Check(
            "C07",
            "mind",
            f"scores of {board.best.first.model} are off",
            f"expected calibration error {with_interval(error)}",
            "do not read scores as probabilities; rank by them, or calibrate on text of your own",
        )


def not_significantly_better(board: Leaderboard) -> Iterator[Check]:
    """C08: the best model is not significantly better than others."""
    same = [pair for pair in board.pairs_with_best if not pair.significant]
    if same:
        others = ", ".join(pair.second for pair in same)
        shown = f"; this test set shows differences from {same[0].detectable:.3f} on"
        yield Check(
            "C08",
            "mind",
            f"{board.best.first.model} is not shown to be best",
            # Two models that give the same codes differ by nothing, whatever is drawn.
            f"not significantly different from {others}{shown if same[0].detectable > 0 else ''}",
            f"say so; {_more(same[0], len(board.best.first.rows))}",
        )


def _more(pair: PairedDifference, n: int) -> str:
    """Return in words what it would take to settle which of two models is better."""
    if pair.needed is None:
        return f"{pair.first} and {pair.second} are so alike that no test set of practical size would settle it"
    # Two digits: the estimate is no better than that.
    more = int(float(f"{max(pair.needed - n, 0):.1e}"))
    what = f"about {more:,} more test examples" if more else "more random states"
    return f"to settle the first two would take {what}"


def one_state(board: Leaderboard) -> Iterator[Check]:
    """C09: a model that depends on chance was trained once."""
    single = []
    for entry in board.entries:
        if len(entry.runs) == 1 and not entry.first.deterministic:
            single.append(entry)
    if single:
        models = ", ".join(entry.first.model for entry in single)
        yield Check(
            "C09",
            "mind",
            "one random state",
            f"{models}: the interval says nothing of what another random state would give",
            "train with random_state=0,1,2",
        )


def few_articles(board: Leaderboard) -> Iterator[Check]:
    """C10: too few articles for an interval to hold."""
    n = min(len(set(run.articles)) for run in board.best.runs)
    if n == 1:
        yield Check(
            "C10",
            "stop",
            "one article",
            "the test set is a single article, and examples of one article are not independent: no interval can be "
            "given, and no two models compared",
            f"test on {FEW_ARTICLES} articles or more, and name the article of each example (corpus.columns.article)",
        )
    elif n < FEW_ARTICLES:
        yield Check(
            "C10",
            "mind",
            "few articles",
            f"the test set has {n} articles; intervals from so few are rough",
            f"test on {FEW_ARTICLES} articles or more",
        )


def topic_bound(board: Leaderboard) -> Iterator[Check]:
    """C11: what was learned does not carry over to new topics."""
    known, new = (
        board.best.value("macro_f1", f"setting={name}") for name in ("in-topic", "cross-topic")
    )
    # Intervals that do not overlap: stricter than a test of the difference.
    if known and new and new.high < known.low:
        yield Check(
            "C11",
            "mind",
            f"{board.best.first.model} does worse on new topics",
            f"macro-F1 {with_interval(new)} on topics that training did not know, "
            f"{with_interval(known)} on those it did",
            "expect the lower figure on your own text",
        )


def other_test_sets(board: Leaderboard) -> Iterator[Check]:
    """C12: random states or models were not tested on the same examples, so that some things are not computed."""
    best = board.best
    apart = [entry.first.model for entry in board.entries if not entry.same_test_set]
    if apart:
        yield Check(
            "C12",
            "mind",
            "random states have test sets of their own",
            f"{', '.join(apart)}: each random state was tested on other examples (split={best.first.split}), so paired "
            "differences, ECE, Brier, slices and the target audit are not computed; scores are means over test sets",
            f"where models are to be compared, train all of them with {_SAME_TEST_PART}",
        )
    if others := [model for model in board.unpaired if model not in apart]:
        yield Check(
            "C12",
            "mind",
            "models have test sets of their own",
            f"{', '.join(others)}: tested on other examples, gold or data than {best.first.model}, so no difference "
            "between them is computed",
            "train all of them on the same corpus and split, the present one",
        )


def left_out(board: Leaderboard) -> Iterator[Check]:
    """C13: the folder has runs that do not count."""
    if board.left_out:
        yield Check(
            "C13",
            "mind",
            "runs that do not count",
            f"newer runs count instead of these: {listing(board.left_out)}",
            "delete them, or train what is to be compared under a name of its own (name=)",
        )


CHECKS: tuple[Callable[[Leaderboard], Iterator[Check]], ...] = (
    no_better_than_constant,
    shared_text,
    few_gold,
    target_blind_model,
    states_disagree,
    worse_than_lexicon,
    badly_calibrated,
    not_significantly_better,
    one_state,
    few_articles,
    topic_bound,
    other_test_sets,
    left_out,
    goes_by_names,
    turned_by_order,
    no_answers,
    ignores_codebook,
)


def run_checks(board: Leaderboard) -> list[Check]:
    """Return all doubts about a board, those that should stop a reader first."""
    doubts = [doubt for check in CHECKS for doubt in check(board)]
    return sorted(doubts, key=lambda doubt: doubt.level != "stop")
