"""Audit of the target: does a model use it? Scores on inputs with something changed.

Published stance models were found to do as well without the target (Kaushal, Saha and Ganguly
2021, "tWT-WT: A Dataset to Assert the Role of Target Entities for Detecting Stance of
Tweets").
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from stancekit.corpus.dataset import CodeTuples
from stancekit.evaluation.bootstrap import (
    Estimate,
    bootstrap,
    by_state,
    effective_clusters,
    interval,
    small_sample_correction,
)
from stancekit.evaluation.metrics import count, in_gold, macro_f1
from stancekit.types import Example, FloatArray, Mention, Score

# Replaces a target that is masked.
SOMETHING = "something"
# Put before a sentence to deny it, whatever its grammar.
NEGATION = "It is not true that "
# The variant that decides: with a target of another article, no gold code holds but by chance.
DECISIVE = "target swapped at random"
# Macro-F1 that a model may lose without its target and still be called target-blind: less
# than the differences between models that matter in practice.
MARGIN = 0.05
# Targets that are tried for the random swap, before an example is left out.
_TRIES = 50
Use = Literal["uses its target", "target-blind", "cannot tell"]


def _shift_mention(mention: Mention | None, start: int, by: int) -> Mention | None:
    """Return a mention, moved `by` characters if it is at the offset `start` or after it."""
    if mention is None or mention.start is None or mention.end is None or mention.start < start:
        return mention
    return replace(mention, start=mention.start + by, end=mention.end + by)


def _overlap(first: Mention | None, second: Mention | None) -> bool:
    if first is None or first.start is None or first.end is None:
        return False
    if second is None or second.start is None or second.end is None:
        return False
    return first.start < second.end and second.start < first.end


def keep_text(example: Example) -> Example:
    """Return the sentence without actor and target."""
    return replace(example, actor=None, target=None)


def keep_target(example: Example) -> Example:
    """Return the target's name in place of the sentence, without the actor."""
    name = example.target.name if example.target else ""
    return replace(example, text=name, actor=None, target=Mention(name, 0, len(name)))


def mask_target(example: Example) -> Example:
    """Return the example with a word that means nothing in place of the target.

    A target that overlaps the actor stays in the sentence, without its span.

    Examples
    --------
    >>> peru, levy = Mention("Peru", 0, 4), Mention("the levy", 12, 20)
    >>> masked = mask_target(Example("1", "Peru hailed the levy.", peru, levy))
    >>> masked.text, masked.target.name
    ('Peru hailed something.', 'something')
    """
    target = example.target
    if target is None or target.start is None or target.end is None:
        return replace(example, target=Mention(SOMETHING))
    if _overlap(target, example.actor):
        return replace(example, target=Mention(SOMETHING))
    text = example.text[: target.start] + SOMETHING + example.text[target.end :]
    masked = Mention(SOMETHING, target.start, target.start + len(SOMETHING))
    actor = _shift_mention(example.actor, target.end, len(SOMETHING) - (target.end - target.start))
    return replace(example, text=text, actor=actor, target=masked)


def swap_roles(example: Example) -> Example:
    """Return the example with actor and target in each other's place."""
    return replace(example, actor=example.target, target=example.actor)


def negate(example: Example) -> Example:
    """Return the example with its sentence denied."""
    return replace(
        example,
        text=NEGATION + example.text,
        actor=_shift_mention(example.actor, 0, len(NEGATION)),
        target=_shift_mention(example.target, 0, len(NEGATION)),
    )


_CHANGES: dict[str, Callable[[Example], Example]] = {
    "text alone": keep_text,
    "target alone": keep_target,
    "target masked": mask_target,
    "actor and target exchanged": swap_roles,
    "negated": negate,
}


def make_variants(
    examples: Sequence[Example], *, random_state: int = 0
) -> dict[str, list[Example | None]]:
    """Return the examples in every variant of the audit, by the name of the variant.

    An example is `None` where a variant does not apply to it: those without an actor and a
    target, and for the swaps those for which there is no other target.

    Examples
    --------
    >>> peru, levy = Mention("Peru", 0, 4), Mention("the levy", 12, 20)
    >>> variants = make_variants([Example("1", "Peru hailed the levy.", peru, levy, "a")])
    >>> sorted(name for name, changed in variants.items() if changed[0])
    ['actor and target exchanged', 'negated', 'target alone', 'target masked', 'text alone']
    """
    variants: dict[str, list[Example | None]] = {}
    for name, change in _CHANGES.items():
        variants[name] = [
            change(example) if example.actor and example.target else None for example in examples
        ]
    variants["target swapped in the sentence"] = _swap_in_sentence(examples)
    variants[DECISIVE] = _swap_at_random(examples, random_state)
    return variants


def _swap_in_sentence(examples: Sequence[Example]) -> list[Example | None]:
    """Replace each target by another actor or target of its sentence."""
    mentions: dict[tuple[str, str], dict[str, Mention]] = {}
    for example in examples:
        in_sentence = mentions.setdefault((example.article, example.text), {})
        for mention in (example.actor, example.target):
            if mention:
                in_sentence.setdefault(mention.name, mention)
    swapped: list[Example | None] = []
    for example in examples:
        if not example.actor or not example.target:
            swapped.append(None)
            continue
        names = (example.actor.name, example.target.name)
        in_sentence = mentions[example.article, example.text]
        others = [mention for name, mention in in_sentence.items() if name not in names]
        swapped.append(replace(example, target=others[0]) if others else None)
    return swapped


def _swap_at_random(examples: Sequence[Example], random_state: int) -> list[Example | None]:
    """Replace each target by one of another article that the sentence does not name."""
    generator = np.random.default_rng(random_state)
    pool = [(example.target.name, example.article) for example in examples if example.target]
    swapped: list[Example | None] = []
    for example in examples:
        name = _draw_target(generator, pool, example)
        if name and example.actor and example.target:
            swapped.append(replace(example, target=Mention(name)))
        else:
            swapped.append(None)
    return swapped


def _draw_target(
    generator: np.random.Generator, pool: Sequence[tuple[str, str]], example: Example
) -> str | None:
    """Return a target's name from a pool of names and articles, `None` if none fits."""
    order: list[int] = generator.permutation(len(pool))[:_TRIES].tolist()
    for index in order:
        name, article = pool[index]
        if article != example.article and name not in example.text:
            return name
    return None


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """The result of one variant.

    Attributes
    ----------
    value
        Macro-F1 on the variant.
    gap
        Macro-F1 on the full input minus that on the variant, of the same examples.
    changed
        The share of examples whose predicted codes changed.
    """

    variant: str
    value: float
    gap: Score
    changed: float

    @property
    def uses_input(self) -> bool:
        """Say whether what was removed is of use: the gap's interval is above zero."""
        return self.gap.low > 0


def audit(
    gold: CodeTuples,
    full: Sequence[CodeTuples],
    changed: Mapping[str, Sequence[Sequence[tuple[str, ...] | None]]],
    names: Sequence[str],
    clusters: Sequence[str],
) -> list[AuditFinding]:
    """Compare predictions on the full input with those on every variant, by macro-F1.

    Parameters
    ----------
    gold
        The codes of each example.
    full
        Predictions on the full input: one sequence of codes for each random state.
    changed
        The same for every variant, `None` where it does not apply to an example.
    names
        All codes, in alphabetical order.
    clusters
        The article of each example.

    Returns
    -------
    list of AuditFinding
        Without variants that apply to no example with a gold code.

    Examples
    --------
    >>> gold = [("a",), ("b",)] * 20
    >>> articles = [str(row) for row in range(40)]
    >>> [finding] = audit(gold, [gold], {"target alone": [gold]}, ["a", "b"], articles)
    >>> finding.gap.value, finding.uses_input, finding.changed
    (0.0, False, 0.0)
    """
    findings = []
    for variant, states in changed.items():
        rows = [row for row, codes in enumerate(states[0]) if codes is not None]
        if not any(gold[row] for row in rows):
            continue
        truth, articles = [gold[row] for row in rows], [clusters[row] for row in rows]
        before = [[codes[row] for row in rows] for codes in full]
        after = [[codes[row] or () for row in rows] for codes in states]
        counts_before = np.stack([count(truth, codes, names, articles) for codes in before])
        counts_after = np.stack([count(truth, codes, names, articles) for codes in after])
        gap, value = _estimate_gap(counts_before, counts_after)
        codes_in_gold = int(in_gold(counts_before).sum())
        score = Score("macro_f1 gap", variant, *gap, len(rows), codes_in_gold)
        differs = [
            [first != second for first, second in zip(*pair, strict=True)]
            for pair in zip(before, after, strict=True)
        ]
        findings.append(AuditFinding(variant, value, score, float(np.mean(differs))))
    return findings


def _estimate_gap(before: FloatArray, after: FloatArray) -> tuple[Estimate, float]:
    """Return the fall of macro-F1 with its interval, and macro-F1 after it.

    Both counts have the shape (random states, clusters, codes, 4).
    """
    metric = partial(macro_f1, codes=in_gold(before))
    draws = bootstrap(before, metric) - bootstrap(after, metric)
    states = by_state(before, metric) - by_state(after, metric)
    value = float(states.mean())
    factor = small_sample_correction(draws, states, effective_clusters(before)).factor
    low, high = interval(draws, estimate=value, factor=factor)
    return (value, low, high), float(by_state(after, metric).mean())


def target_use(findings: Sequence[AuditFinding]) -> Use | None:
    """Say whether a model uses its target, from the gap for targets of other articles.

    A gap that is not significant shows nothing by itself: on a small test set no gap is. So
    a model is called target-blind only where the whole interval of its gap is below
    `MARGIN`, whether it includes zero or not: so small a loss does not matter (equivalence
    testing by intervals: Schuirmann 1987, "A Comparison of the Two One-Sided Tests Procedure
    and the Power Approach"). A model uses its target where the interval is above zero and
    reaches beyond the margin.

    Returns
    -------
    str or None
        `None` where the variant that decides does not apply, as for whole sentences.

    Examples
    --------
    >>> for low, high in ((0.01, 0.1), (-0.01, 0.13)):
    ...     gap = Score("macro_f1 gap", DECISIVE, 0.06, low, high, 30)
    ...     print(target_use([AuditFinding(DECISIVE, 0.5, gap, 0.2)]))
    uses its target
    cannot tell
    """
    gap = next((finding.gap for finding in findings if finding.variant == DECISIVE), None)
    if gap is None:
        return None
    if gap.high < MARGIN:
        return "target-blind"
    return "uses its target" if gap.low > 0 else "cannot tell"
