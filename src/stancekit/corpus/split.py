"""Division into train, validation and test: articles stay whole, and so do texts that are copies of each other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from sklearn.model_selection import GroupShuffleSplit

from stancekit.corpus.labelled import LabelledSet
from stancekit.corpus.overlap import near_duplicates, together
from stancekit.errors import KitError, listing
from stancekit.types import Context, Example

Shared = Literal["refuse", "drop", "keep"]
By = Literal["article", "event", "topic", "source", "actor"]


OWN = "text:"


@dataclass(frozen=True, slots=True)
class Parts:
    """The three parts of a corpus; `shared` counts test examples whose text training has, where that was allowed."""

    train: LabelledSet
    validation: LabelledSet
    test: LabelledSet
    shared: int = 0


def _parts(whole: LabelledSet, of: Sequence[str]) -> Parts:
    rows = {part: [row for row, name in enumerate(of) if name == part] for part in ("train", "validation", "test")}
    empty = [part for part, found in rows.items() if not found]
    if empty:
        raise KitError(
            f"corpus {whole.name!r} has no examples in: {', '.join(empty)}; mark them in the split column, "
            "or use split=grouped, which divides by article"
        )
    homes: dict[str, set[str]] = {}
    for example, part in zip(whole.examples, of, strict=True):
        # Where the data names no articles, every text is its own; copies are looked for elsewhere.
        if part and not example.article.startswith(OWN):
            homes.setdefault(example.article, set()).add(part)
    shared = sorted(article for article, parts in homes.items() if len(parts) > 1)
    if shared:
        raise KitError(
            f"{len(shared)} articles of corpus {whole.name!r} stand in more than one part: "
            f"{listing(article[:60] for article in shared)}. Keep each article in one part, or use split=grouped"
        )
    return Parts(whole.take(rows["train"]), whole.take(rows["validation"]), whole.take(rows["test"]))


def _leaks(train: LabelledSet, test: LabelledSet) -> list[tuple[str, str]]:
    """Return pairs of a train and a test sentence that are copies of each other."""
    known, tested = (list(dict.fromkeys(one.text for one in part.examples)) for part in (train, test))
    return [(known[one], tested[other]) for one, other in near_duplicates(known, tested)]


def _told_apart(parts: Parts, repeated: set[str]) -> Parts:
    """Mark in `setting` which test examples repeat a text of training."""
    again = [example.text in repeated for example in parts.test.examples]
    contexts = tuple(
        replace(context, setting="repeated" if yes else "clean")
        for context, yes in zip(parts.test.contexts, again, strict=True)
    )
    return Parts(parts.train, parts.validation, replace(parts.test, contexts=contexts), sum(again))


def _without(part: LabelledSet, texts: set[str]) -> LabelledSet:
    return part.take(row for row, example in enumerate(part.examples) if example.text not in texts)


class FixedSplit:
    """The split that the data itself marks, the same for every random state.

    Parameters
    ----------
    shared
        What becomes of text that training and validation share with test, word for word or nearly: `refuse` the
        corpus and show the pairs; `drop` it from training and validation; `keep` it, for an official split that
        published numbers were measured on: the report then says so, and tells the settings `clean` and `repeated`
        apart.
    validation
        The share of training articles that becomes the validation part where the data marks none.
    """

    def __init__(self, shared: Shared = "refuse", *, validation: float = 0.15) -> None:
        self.shared = shared
        self.validation = validation

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Parts:
        """Divide a corpus by its split column."""
        of = np.array(whole.parts, dtype=object)
        if "validation" not in whole.parts and "test" in whole.parts:
            rows = np.flatnonzero(of == "train")
            groups = np.array(whole.articles)[rows]
            drawn = GroupShuffleSplit(1, test_size=self.validation, random_state=random_state)
            of[rows[next(drawn.split(rows, groups=groups))[1]]] = "validation"
        parts = _parts(whole, of.tolist())
        pairs = [*_leaks(parts.train, parts.test), *_leaks(parts.validation, parts.test)]
        if not pairs:
            return parts
        if self.shared == "refuse":
            told = "; ".join(f"{seen[:70]!r} and {held[:70]!r}" for seen, held in pairs[:5])
            raise KitError(
                f"corpus {whole.name!r} has {len(pairs)} texts in train or validation that test has too: {told}. Use "
                "split.shared=drop to leave them out of training, or split.shared=keep for an official split"
            )
        if self.shared == "keep":
            return _told_apart(parts, {text for _, text in pairs})
        seen = {text for text, _ in pairs}
        return Parts(_without(parts.train, seen), _without(parts.validation, seen), parts.test)


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
    """

    def __init__(self, *, by: By = "article", validation: float = 0.15, test: float = 0.25) -> None:
        self.by = by
        self.validation = validation
        self.test = test

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Parts:
        """Divide a corpus at random by group."""
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
        return _parts(whole, _new_actors(whole, of.tolist()) if self.by == "actor" else of.tolist())


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
    """A random split by article in which training has seen another article on every test article's topic."""

    def __init__(self, *, validation: float = 0.15, test: float = 0.25) -> None:
        self.validation = validation
        self.test = test

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Parts:
        """Divide a corpus at random, one article of each topic staying in train."""
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
        return _parts(whole, [part[group] for group in groups])


class ForwardSplit:
    """Train on the oldest articles, tune on younger ones, test on the youngest; the same for every random state."""

    def __init__(self, *, validation: float = 0.15, test: float = 0.25) -> None:
        self.validation = validation
        self.test = test

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Parts:
        """Divide a corpus by date."""
        groups = _whole_groups(whole, "article")
        dates: dict[str, str] = {}
        for group, context in zip(groups, whole.contexts, strict=True):
            dates[group] = max(dates.get(group, ""), context.date)
        if undated := sorted(group for group, date in dates.items() if not date):
            raise KitError(
                f"{len(undated)} articles of corpus {whole.name!r} have no date: {listing(undated)}. Name the column "
                "with corpus.columns.date, or use another split"
            )
        days = sorted(dates.values())
        ends = [
            days[min(int(share * len(days)), len(days) - 1)]
            for share in (1 - self.test - self.validation, 1 - self.test)
        ]
        places = ("train", "validation", "test")
        return _parts(whole, [places[sum(dates[group] >= end for end in ends)] for group in groups])


class FewShotSplit:
    """Another split, of whose train part only some examples per code are kept: drawn anew for every random state.

    Parameters
    ----------
    base
        The split that is drawn from; its validation and test parts stay whole.
    per_code
        How many examples of each code; of a code that has fewer, all.
    """

    def __init__(self, base: Callable[..., Parts], *, per_code: int = 16) -> None:
        self.base = base
        self.per_code = per_code

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Parts:
        """Divide a corpus, and draw from its train part."""
        if self.per_code < 1:
            raise KitError(f"split.per_code is {self.per_code}; it must be 1 or more")
        parts = self.base(whole, random_state=random_state)
        random = np.random.default_rng(random_state)
        drawn: set[int] = set()
        for code in whole.codebook.names:
            rows = [row for row, labels in enumerate(parts.train.labels) if code in labels]
            drawn.update(random.permutation(rows)[: self.per_code].astype(int).tolist())
        return Parts(parts.train.take(sorted(drawn)), parts.validation, parts.test, parts.shared)
