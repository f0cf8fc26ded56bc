"""Does a stance model read its target? The trained model on inputs from which something is taken or changed.

Published stance models have been found to do as well without the target (Kaushal, Saha and Ganguly
2021, "tWT-WT: A Dataset to Assert the Role of Target Entities for Detecting Stance of Tweets").
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from stancekit.corpus.dataset import CodeTuples
from stancekit.evaluation.bootstrap import (
    bootstrap,
    by_state,
    effective_clusters,
    interval,
    small_sample_correction,
)
from stancekit.evaluation.metrics import count, in_gold, macro_f1
from stancekit.types import Example, Mention, Score

SOMETHING = "something"
NEGATION = "It is not true that "
# The variant that decides: with a target from elsewhere, no gold code has a reason to hold.
DECISIVE = "target swapped at random"
# A fall of macro-F1 by less than this is as good as none.
MARGIN = 0.05
Use = Literal["uses its target", "target-blind", "cannot tell"]


def _moved(mention: Mention | None, at: int, by: int) -> Mention | None:
    """Return a mention whose sentence grew by `by` characters at the offset `at`."""
    if mention is None or mention.start is None or mention.end is None or mention.start < at:
        return mention
    return replace(mention, start=mention.start + by, end=mention.end + by)


def _word_overlap(one: Mention | None, other: Mention | None) -> bool:
    spans = [
        (x.start, x.end) for x in (one, other) if x and x.start is not None and x.end is not None
    ]
    return len(spans) == 2 and spans[0][0] < spans[1][1] and spans[1][0] < spans[0][1]


def text_alone(example: Example) -> Example:
    """Return the sentence without actor and target."""
    return replace(example, actor=None, target=None)


def target_alone(example: Example) -> Example:
    """Return the target's name in place of the sentence, without the actor."""
    name = example.target.name if example.target else ""
    return replace(example, text=name, actor=None, target=Mention(name, 0, len(name)))


def mask_spans(example: Example) -> Example:
    """Return the example with a word that says nothing in place of the target.

    Examples
    --------
    >>> one = mask_spans(Example("1", "Peru hailed the levy.", Mention("Peru", 0, 4), Mention("the levy", 12, 20)))
    >>> one.text, one.target.name
    ('Peru hailed something.', 'something')
    """
    target = example.target
    if (
        target is None
        or target.start is None
        or target.end is None
        or _word_overlap(target, example.actor)
    ):
        return replace(example, target=Mention(SOMETHING))
    text = example.text[: target.start] + SOMETHING + example.text[target.end :]
    actor = _moved(example.actor, target.end, len(SOMETHING) - (target.end - target.start))
    return replace(
        example,
        text=text,
        actor=actor,
        target=Mention(SOMETHING, target.start, target.start + len(SOMETHING)),
    )


def swap_roles(example: Example) -> Example:
    """Return the example with actor and target in each other's place."""
    return replace(example, actor=example.target, target=example.actor)


def negate(example: Example) -> Example:
    """Return the example with its sentence denied."""
    by = len(NEGATION)
    actor, target = (_moved(one, 0, by) for one in (example.actor, example.target))
    return replace(example, text=NEGATION + example.text, actor=actor, target=target)


def make_variants(
    examples: Sequence[Example], *, random_state: int = 0
) -> dict[str, list[Example | None]]:
    """Return the examples in every variant of the audit, `None` where a variant does not apply.

    Examples
    --------
    >>> one = Example("1", "Peru hailed the levy.", Mention("Peru", 0, 4), Mention("the levy", 12, 20), "a")
    >>> sorted(name for name, of in make_variants([one]).items() if of[0])
    ['actor and target exchanged', 'negated', 'target alone', 'target masked', 'text alone']
    """
    simple: dict[str, Callable[[Example], Example]] = {
        "text alone": text_alone,
        "target alone": target_alone,
        "target masked": mask_spans,
        "actor and target exchanged": swap_roles,
        "negated": negate,
    }
    found: dict[str, list[Example | None]] = {
        name: [change(one) if one.actor and one.target else None for one in examples]
        for name, change in simple.items()
    }
    beside: dict[tuple[str, str], dict[str, Mention]] = {}
    for one in examples:
        for mention in (one.actor, one.target):
            if mention:
                beside.setdefault((one.article, one.text), {}).setdefault(mention.name, mention)
    generator = np.random.default_rng(random_state)
    pool = [one.target for one in examples if one.target]
    homes = [one.article for one in examples if one.target]
    here: list[Example | None] = []
    elsewhere: list[Example | None] = []
    for one in examples:
        own = {mention.name for mention in (one.actor, one.target) if mention}
        others = [
            mention
            for name, mention in beside.get((one.article, one.text), {}).items()
            if name not in own
        ]
        here.append(replace(one, target=others[0]) if one.target and one.actor and others else None)
        foreign = _foreign(generator, pool, homes, one)
        elsewhere.append(
            replace(one, target=Mention(foreign)) if one.target and one.actor and foreign else None
        )
    found["target swapped in the sentence"] = here
    found[DECISIVE] = elsewhere
    return found


def _foreign(
    generator: np.random.Generator, pool: Sequence[Mention], homes: Sequence[str], example: Example
) -> str | None:
    """Return the name of a target of another article that this sentence does not mention."""
    for at in generator.permutation(len(pool))[:50].tolist():
        if homes[at] != example.article and pool[at].name not in example.text:
            name: str = pool[at].name
            return name
    return None


@dataclass(frozen=True, slots=True)
class Finding:
    """One variant: the score on it, and how far the full input lies above on the same examples.

    `changed` is the share of examples whose code changed.
    """

    variant: str
    value: float
    gap: Score
    changed: float

    @property
    def uses_input(self) -> bool:
        """Say whether what was taken away was of use: the gap's interval lies above zero."""
        return self.gap.low > 0


def audit(
    gold: CodeTuples,
    full: Sequence[CodeTuples],
    changed: Mapping[str, Sequence[Sequence[tuple[str, ...] | None]]],
    names: Sequence[str],
    clusters: Sequence[str],
) -> list[Finding]:
    """Compare predictions on the full input with those on every variant, by macro-F1 over the codes of the same gold.

    Parameters
    ----------
    full
        One sequence of codes per random state.
    changed
        The same for every variant, `None` where it does not apply.

    Examples
    --------
    >>> gold = [("a",), ("b",)] * 20
    >>> same = audit(gold, [gold], {"target alone": [gold]}, ["a", "b"], [str(at) for at in range(40)])[0]
    >>> same.gap.value, same.uses_input, same.changed
    (0.0, False, 0.0)
    """
    found = []
    for variant, states in changed.items():
        at = [row for row, labels in enumerate(states[0]) if labels is not None]
        if not any(gold[row] for row in at):
            continue
        truth, homes = [gold[row] for row in at], [clusters[row] for row in at]
        before = [[state[row] for row in at] for state in full]
        after = [[state[row] or () for row in at] for state in states]
        both = [
            np.stack([count(truth, one, names, homes) for one in part]) for part in (before, after)
        ]
        codes = in_gold(both[0])
        metric = partial(macro_f1, codes=codes)
        draws = bootstrap(both[0], metric) - bootstrap(both[1], metric)
        apart = by_state(both[0], metric) - by_state(both[1], metric)
        lies, stretch = (
            float(apart.mean()),
            small_sample_correction(draws, apart, effective_clusters(both[0])).factor,
        )
        ends = interval(draws, at=lies, stretch=stretch)
        gap = Score("macro_f1 gap", variant, lies, *ends, len(at), int(codes.sum()))
        moved = np.mean(
            [
                [a != b for a, b in zip(x, y, strict=True)]
                for x, y in zip(before, after, strict=True)
            ]
        )
        found.append(Finding(variant, float(by_state(both[1], metric).mean()), gap, float(moved)))
    return found


def target_use(findings: Sequence[Finding]) -> Use | None:
    """Say whether a model uses its target, by how far its macro-F1 falls with a target taken from elsewhere.

    A gap that is not significant shows nothing by itself: a small test set makes it of any model.
    So a model is called target-blind only where the whole interval of its fall lies below `MARGIN`
    (equivalence testing by intervals: Schuirmann 1987, "A Comparison of the Two One-Sided Tests
    Procedure and the Power Approach"), be it above zero or not: a fall that small is no use to a
    reader. It is said to use its target where the interval lies above zero and reaches further.

    Returns
    -------
    str or None
        `None` where the variant that decides does not apply, as of frames.

    Examples
    --------
    >>> gaps = [Score("macro_f1 gap", DECISIVE, 0.06, low, high, 30) for low, high in ((0.01, 0.1), (-0.01, 0.13))]
    >>> [target_use([Finding(DECISIVE, 0.5, gap, 0.2)]) for gap in gaps]
    ['uses its target', 'cannot tell']
    """
    gap = next((one.gap for one in findings if one.variant == DECISIVE), None)
    if gap is None:
        return None
    if gap.high < MARGIN:
        return "target-blind"
    return "uses its target" if gap.low > 0 else "cannot tell"


def target_blind(findings: Sequence[Finding]) -> bool:
    """Say whether a model does as well with a target taken from elsewhere."""
    return target_use(findings) == "target-blind"
