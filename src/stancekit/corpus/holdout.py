"""Splits that keep something out of training: articles, topics, sources, actors, the future.

Articles stay whole, and so do texts that are copies of each other.
"""

from typing import Literal, get_args

import numpy as np
from sklearn.model_selection import GroupShuffleSplit

from stancekit.corpus.dates import read_dates
from stancekit.corpus.labelled import LabelledSet
from stancekit.corpus.overlap import together
from stancekit.corpus.parts import Parts, divided
from stancekit.errors import KitError, listing
from stancekit.types import Context, Example

By = Literal["article", "event", "topic", "source", "actor"]


def _group(example: Example, context: Context, by: By) -> str:
    values = {
        "article": example.article,
        "actor": example.article,
        "topic": context.topic,
        "source": context.source,
        "event": f"{context.topic} {context.date}".strip() if context.topic and context.date else "",
    }
    return values[by]


class GroupedSplit:
    """A random split in which no group, and no two copies of a text, stand in two parts.

    Parameters
    ----------
    by
        What stays together: `article`, `event` (same topic and date), `topic`, `source`. With `actor`, articles are
        divided, and of the test articles only examples count whose actor training never saw.
    validation, test
        Shares of the groups.
    random_state
        Draws the same parts for every random state of a model, so that all are tested on the same examples; by
        default each draws its own.
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

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Parts:
        """Divide a corpus at random by group."""
        check_shares(self.validation, self.test)
        if self.by not in get_args(By):
            raise KitError(f"split.by is {self.by!r}; it is one of: {', '.join(get_args(By))}")
        if self.random_state is not None:
            random_state = self.random_state
        groups = np.array(_whole_groups(whole, self.by))
        of = np.array(["train"] * len(whole), dtype=object)
        rest, held = next(
            GroupShuffleSplit(1, test_size=self.test, random_state=random_state).split(groups, groups=groups)
        )
        of[held] = "test"
        share = self.validation / (1 - self.test)
        inner = GroupShuffleSplit(1, test_size=share, random_state=random_state)
        _, tuned = next(inner.split(rest, groups=groups[rest]))
        of[rest[tuned]] = "validation"
        return divided(whole, _new_actors(whole, of.tolist()) if self.by == "actor" else of.tolist())


def check_shares(validation: float, test: float) -> None:
    """Raise a `KitError` unless two shares leave something for each part."""
    if min(validation, test) <= 0 or validation + test >= 1:
        raise KitError(
            f"split.validation is {validation} and split.test {test}; they are shares above 0 that leave some for train"
        )


def _whole_groups(whole: LabelledSet, by: By) -> list[str]:
    named = [_group(*row, by) for row in zip(whole.examples, whole.contexts, strict=True)]
    groups = together(
        [name or example.article for name, example in zip(named, whole.examples, strict=True)],
        [example.text for example in whole.examples],
    )
    if by not in ("article", "actor"):
        # An article goes where its first example goes.
        home: dict[str, str] = {}
        groups = [home.setdefault(one.article, group) for one, group in zip(whole.examples, groups, strict=True)]
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
        "" if part != "train" and (not name or name in known) else part for name, part in zip(names, of, strict=True)
    ]


class InTopicSplit:
    """A random split by article in which training has seen another article on every test article's topic.

    Parameters
    ----------
    validation, test, random_state
        As of `GroupedSplit`.
    """

    def __init__(self, *, validation: float = 0.15, test: float = 0.25, random_state: int | None = None) -> None:
        self.validation = validation
        self.test = test
        self.random_state = random_state

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Parts:
        """Divide a corpus at random, one article of each topic staying in train."""
        check_shares(self.validation, self.test)
        if self.random_state is not None:
            random_state = self.random_state
        groups = _whole_groups(whole, "article")
        topics: dict[str, set[str]] = {}
        for group, context in zip(groups, whole.contexts, strict=True):
            topics.setdefault(group, set()).add(context.topic)
        left = {topic: sum(topic in of for of in topics.values()) for of in topics.values() for topic in of}
        part: dict[str, str] = {}
        wanted = {"test": self.test * len(topics), "validation": self.validation * len(topics)}
        for group in np.random.default_rng(random_state).permutation(sorted(topics)).tolist():
            name = next((name for name in wanted if list(part.values()).count(name) < wanted[name]), "train")
            if name == "train" or any(left[topic] < 2 for topic in topics[group]):
                part[group] = "train"
                continue
            part[group] = name
            for topic in topics[group]:
                left[topic] -= 1
        return divided(whole, [part[group] for group in groups])


class ForwardSplit:
    """Train on the oldest articles, tune on younger ones, test on the youngest; the same for every random state.

    No part holds a date that may lie before the end of the part before it: an article that is dated to a month or a
    year stands with all of that month or year.
    """

    def __init__(self, *, validation: float = 0.15, test: float = 0.25) -> None:
        self.validation = validation
        self.test = test

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Parts:
        """Divide a corpus by date.

        Raises
        ------
        KitError
            When an article has no date, or one that cannot be read; when too few dates differ.
        """
        check_shares(self.validation, self.test)
        groups = _whole_groups(whole, "article")
        read = read_dates(
            [(example.id, context.date) for example, context in zip(whole.examples, whole.contexts, strict=True)],
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
        return divided(whole, [of[group] for group in groups])


def _whole_period(days: list[str], end: str) -> str:
    """Move a cut to the beginning of the month or year that a less precise date names."""
    return min([day for day in days if end.startswith(day)], key=len)
