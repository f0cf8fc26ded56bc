"""The split that the data marks, what becomes of text that its parts share, and a few examples of it."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from sklearn.model_selection import GroupShuffleSplit

from stancekit.corpus.dataset import LabelledSet, Splits, make_splits
from stancekit.corpus.dates import read_dates
from stancekit.corpus.duplicates import find_near_duplicates, merge_duplicates
from stancekit.errors import KitError, listing
from stancekit.types import Context, Example

log = logging.getLogger(__name__)
Shared = Literal["refuse", "drop", "keep"]


def _leaks(train: LabelledSet, test: LabelledSet) -> list[tuple[str, str]]:
    """Return pairs of a train and a test sentence that are copies of each other."""
    known, tested = (
        list(dict.fromkeys(one.text for one in part.examples)) for part in (train, test)
    )
    return [(known[one], tested[other]) for one, other in find_near_duplicates(known, tested)]


def _told_apart(parts: Splits, repeated: set[str]) -> Splits:
    """Mark in `setting` which test examples repeat a text of training."""
    again = [example.text in repeated for example in parts.test.examples]
    contexts = tuple(
        replace(context, setting="repeated" if yes else "clean")
        for context, yes in zip(parts.test.contexts, again, strict=True)
    )
    return Splits(parts.train, parts.validation, replace(parts.test, contexts=contexts), sum(again))


def _say_unmarked(whole: LabelledSet) -> None:
    unmarked = whole.parts.count("")
    if 0 < unmarked < len(whole):
        log.warning(
            "%s: %d of %d examples have no split marked and are left out",
            whole.name,
            unmarked,
            len(whole),
        )


def _without(part: LabelledSet, texts: set[str]) -> LabelledSet:
    return part.take(row for row, example in enumerate(part.examples) if example.text not in texts)


class FixedSplit:
    """The split that the data itself marks, the same for every random state.

    Parameters
    ----------
    shared
        What becomes of text that training and validation share with test, word for word or nearly:
        `refuse` the corpus and show the pairs; `drop` it from training and validation; `keep` it,
        for an official split that published numbers were measured on: the report then says so, and
        tells the settings `clean` and `repeated` apart.
    validation
        The share of training articles that becomes the validation part where the data marks none.
    """

    def __init__(self, shared: Shared = "refuse", *, validation: float = 0.15) -> None:
        self.shared = shared
        self.validation = validation

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Splits:
        """Divide a corpus by its split column."""
        if self.shared not in get_args(Shared):
            raise KitError(
                f"split.shared is {self.shared!r}; it is one of: {', '.join(get_args(Shared))}"
            )
        _say_unmarked(whole)
        of = np.array(whole.parts, dtype=object)
        if "validation" not in whole.parts and "test" in whole.parts:
            rows = np.flatnonzero(of == "train")
            groups = np.array(whole.articles)[rows]
            drawn = GroupShuffleSplit(1, test_size=self.validation, random_state=random_state)
            of[rows[next(drawn.split(rows, groups=groups))[1]]] = "validation"
        parts = make_splits(whole, of.tolist())
        pairs = [*_leaks(parts.train, parts.test), *_leaks(parts.validation, parts.test)]
        if not pairs:
            return parts
        if self.shared == "refuse":
            told = "; ".join(f"{seen[:70]!r} and {held[:70]!r}" for seen, held in pairs[:5])
            raise KitError(
                f"corpus {whole.name!r} has {len(pairs)} texts in train or validation that test has too: {told}. Use "
                "split.shared=drop to leave them out of training, or split.shared=keep for an official split (of a "
                "split that is made from another: split.base.shared=drop)"
            )
        if self.shared == "keep":
            return _told_apart(parts, {text for _, text in pairs})
        seen = {text for text, _ in pairs}
        left = Splits(_without(parts.train, seen), _without(parts.validation, seen), parts.test)
        if not len(left.train) or not len(left.validation):
            raise KitError(
                f"corpus {whole.name!r} has no training or no validation example whose text test does not have too; "
                "mark another split, or use split=grouped"
            )
        return left


class FewShotSplit:
    """Another split, of whose train part only some examples per code are kept: drawn anew for every random state.

    Parameters
    ----------
    base
        The split that is drawn from; its validation and test parts stay whole.
    per_code
        How many examples of each code; of a code that has fewer, all.
    """

    def __init__(self, base: Callable[..., Splits], *, per_code: int = 16) -> None:
        self.base = base
        self.per_code = per_code

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Splits:
        """Divide a corpus, and draw from its train part."""
        if self.per_code < 1:
            raise KitError(f"split.per_code is {self.per_code}; it must be 1 or more")
        parts = self.base(whole, random_state=random_state)
        random = np.random.default_rng(random_state)
        drawn: set[int] = set()
        for code in whole.codebook.names:
            rows = [row for row, labels in enumerate(parts.train.labels) if code in labels]
            drawn.update(random.permutation(rows)[: self.per_code].astype(int).tolist())
        return Splits(parts.train.take(sorted(drawn)), parts.validation, parts.test, parts.shared)


By = Literal["article", "event", "topic", "source", "actor"]


def _group(example: Example, context: Context, by: By) -> str:
    values = {
        "article": example.article,
        "actor": example.article,
        "topic": context.topic,
        "source": context.source,
        "event": f"{context.topic} {context.date}".strip()
        if context.topic and context.date
        else "",
    }
    return values[by]


class GroupedSplit:
    """A random split in which no group, and no two copies of a text, stand in two parts.

    Parameters
    ----------
    by
        What stays together: `article`, `event` (same topic and date), `topic`, `source`. With
        `actor`, articles are divided, and of the test articles only examples count whose actor
        training never saw.
    validation, test
        Shares of the groups.
    random_state
        Draws the same parts for every random state of a model, so that all are tested on the same
        examples; by default each draws its own.
    """

    def __init__(
        self,
        *,
        by: By = "article",
        validation: float = 0.15,
        test: float = 0.25,
        random_state: int | None = None,
    ) -> None:
        self.by = by
        self.validation = validation
        self.test = test
        self.random_state = random_state

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Splits:
        """Divide a corpus at random by group."""
        check_shares(self.validation, self.test)
        if self.by not in get_args(By):
            raise KitError(f"split.by is {self.by!r}; it is one of: {', '.join(get_args(By))}")
        if self.random_state is not None:
            random_state = self.random_state
        groups = np.array(_whole_groups(whole, self.by))
        of = np.array(["train"] * len(whole), dtype=object)
        rest, held = next(
            GroupShuffleSplit(1, test_size=self.test, random_state=random_state).split(
                groups, groups=groups
            )
        )
        of[held] = "test"
        share = self.validation / (1 - self.test)
        inner = GroupShuffleSplit(1, test_size=share, random_state=random_state)
        _, tuned = next(inner.split(rest, groups=groups[rest]))
        of[rest[tuned]] = "validation"
        return make_splits(
            whole, _new_actors(whole, of.tolist()) if self.by == "actor" else of.tolist()
        )


def check_shares(validation: float, test: float) -> None:
    """Raise a `KitError` unless two shares leave something for each part."""
    if min(validation, test) <= 0 or validation + test >= 1:
        raise KitError(
            f"split.validation is {validation} and split.test {test}; they are shares above 0 that leave some for train"
        )


def _whole_groups(whole: LabelledSet, by: By) -> list[str]:
    named = [_group(*row, by) for row in zip(whole.examples, whole.contexts, strict=True)]
    groups = merge_duplicates(
        [name or example.article for name, example in zip(named, whole.examples, strict=True)],
        [example.text for example in whole.examples],
    )
    if by not in ("article", "actor"):
        # An article goes where its first example goes.
        home: dict[str, str] = {}
        groups = [
            home.setdefault(one.article, group)
            for one, group in zip(whole.examples, groups, strict=True)
        ]
    if len(set(groups)) < 3:
        raise KitError(
            f"corpus {whole.name!r} has {len(set(groups))} groups by {by}, copies of a text counted as one; "
            "a split needs 3 or more: use another split, or name the column with corpus.columns"
        )
    return groups


def _new_actors(whole: LabelledSet, of: list[str]) -> list[str]:
    """Leave out of test, and out of validation, every example whose actor training has."""
    names = [example.actor.name if example.actor else "" for example in whole.examples]
    known = {name for name, part in zip(names, of, strict=True) if part == "train"}
    return [
        "" if part != "train" and (not name or name in known) else part
        for name, part in zip(names, of, strict=True)
    ]


class InTopicSplit:
    """A random split by article in which training has seen another article on every test article's topic.

    Parameters
    ----------
    validation, test, random_state
        As of `GroupedSplit`.
    """

    def __init__(
        self, *, validation: float = 0.15, test: float = 0.25, random_state: int | None = None
    ) -> None:
        self.validation = validation
        self.test = test
        self.random_state = random_state

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Splits:
        """Divide a corpus at random, one article of each topic staying in train."""
        check_shares(self.validation, self.test)
        if self.random_state is not None:
            random_state = self.random_state
        groups = _whole_groups(whole, "article")
        topics: dict[str, set[str]] = {}
        for group, context in zip(groups, whole.contexts, strict=True):
            topics.setdefault(group, set()).add(context.topic)
        left = {
            topic: sum(topic in of for of in topics.values())
            for of in topics.values()
            for topic in of
        }
        part: dict[str, str] = {}
        wanted = {"test": self.test * len(topics), "validation": self.validation * len(topics)}
        for group in np.random.default_rng(random_state).permutation(sorted(topics)).tolist():
            name = next(
                (name for name in wanted if list(part.values()).count(name) < wanted[name]), "train"
            )
            if name == "train" or any(left[topic] < 2 for topic in topics[group]):
                part[group] = "train"
                continue
            part[group] = name
            for topic in topics[group]:
                left[topic] -= 1
        return make_splits(whole, [part[group] for group in groups])


class ForwardSplit:
    """Train on the oldest articles, tune on younger ones, test on the youngest; the same for every random state.

    No part holds a date that may lie before the end of the part before it: an article that is dated
    to a month or a year stands with all of that month or year.
    """

    def __init__(self, *, validation: float = 0.15, test: float = 0.25) -> None:
        self.validation = validation
        self.test = test

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Splits:
        """Divide a corpus by date.

        Raises
        ------
        KitError
            When an article has no date, or one that cannot be read; when too few dates differ.
        """
        check_shares(self.validation, self.test)
        groups = _whole_groups(whole, "article")
        read = read_dates(
            [
                (example.id, context.date)
                for example, context in zip(whole.examples, whole.contexts, strict=True)
            ],
            where=f"corpus {whole.name!r}",
            key="corpus.date_format",
        )
        dates: dict[str, str] = {}
        for group, date in zip(groups, read, strict=True):
            dates[group] = max(dates.get(group, ""), date)
        if undated := sorted(group for group, date in dates.items() if not date):
            raise KitError(
                f"{len(undated)} articles of corpus {whole.name!r} have no date: "
                f"{listing(group[:60] for group in undated)}. Name the column with corpus.columns.date=COLUMN, or use "
                "another split"
            )
        days = sorted(dates.values())
        ends = [
            _whole_period(days, days[min(int(round(share * len(days), 6)), len(days) - 1)])
            for share in (1 - self.test - self.validation, 1 - self.test)
        ]
        places = ("train", "validation", "test")
        of = {group: places[sum(date >= end for end in ends)] for group, date in dates.items()}
        if len(set(of.values())) < len(places):
            raise KitError(
                f"corpus {whole.name!r} has too few dates that differ to be divided by them "
                f"({listing(sorted(set(days)))}); articles dated to a month or a year stand with all of it. Date them "
                "more precisely, or use another split"
            )
        return make_splits(whole, [of[group] for group in groups])


def _whole_period(days: list[str], end: str) -> str:
    """Move a cut to the beginning of the month or year that a less precise date names."""
    return min([day for day in days if end.startswith(day)], key=len)
