"""Splits of a corpus: as the data marks it, at random by group, by date, and a few examples."""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupShuffleSplit

from stancekit.corpus.dataset import PART_NAMES, LabelledSet, Splits, make_splits
from stancekit.corpus.dates import read_dates
from stancekit.corpus.duplicates import find_near_duplicates, merge_duplicates
from stancekit.errors import KitError, listing
from stancekit.types import Context, Example

log = logging.getLogger(__name__)
Shared = Literal["refuse", "drop", "keep"]
By = Literal["article", "event", "topic", "source", "actor"]
# Draws the division that is the same for every random state of a model.
FIXED_STATE = 0
# Pairs of copies that an error shows.
_SHOWN_PAIRS = 5


def _find_leaks(train: LabelledSet, test: LabelledSet) -> list[tuple[str, str]]:
    """Return pairs of a training and a test sentence that are copies of each other."""
    trained = list(dict.fromkeys(example.text for example in train.examples))
    tested = list(dict.fromkeys(example.text for example in test.examples))
    pairs = find_near_duplicates(trained, tested)
    return [(trained[first], tested[second]) for first, second in pairs]


def _mark_repeated(splits: Splits, repeated: set[str]) -> Splits:
    """Mark in `setting` which test examples repeat a text of training."""
    contexts = []
    for example, context in zip(splits.test.examples, splits.test.contexts, strict=True):
        setting = "repeated" if example.text in repeated else "clean"
        contexts.append(replace(context, setting=setting))
    shared = sum(context.setting == "repeated" for context in contexts)
    test = replace(splits.test, contexts=tuple(contexts))
    return Splits(splits.train, splits.validation, test, shared)


def _warn_unmarked(whole: LabelledSet) -> None:
    unmarked = whole.parts.count("")
    if 0 < unmarked < len(whole):
        log.warning(
            "%s: %d of %d examples have no split marked and are left out",
            whole.name,
            unmarked,
            len(whole),
        )


def _drop_texts(part: LabelledSet, texts: set[str]) -> LabelledSet:
    return part.take(row for row, example in enumerate(part.examples) if example.text not in texts)


def draw_groups(groups: NDArray[np.str_], share: float, random_state: int) -> NDArray[np.intp]:
    """Return the rows of a share of the groups, drawn at random.

    Parameters
    ----------
    groups
        The group of each row, shape (rows,).
    share
        The share of the groups to draw.
    """
    splitter = GroupShuffleSplit(1, test_size=share, random_state=random_state)
    _, drawn = next(splitter.split(groups, groups=groups))
    return np.asarray(drawn)


class FixedSplit:
    """The split that the data itself marks, the same for every random state.

    Parameters
    ----------
    shared
        What happens to text that training or validation shares with test, word for word or
        nearly: `refuse` the corpus and show the pairs; `drop` the text from training and
        validation; or `keep` it, for an official split on which published numbers were
        measured. The report then says so, and scores the settings `clean` and `repeated`
        separately.
    validation
        The share of training articles that becomes the validation part where the data
        marks none.
    """

    def __init__(self, shared: Shared = "refuse", *, validation: float = 0.15) -> None:
        self.shared = shared
        self.validation = validation

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Splits:
        """Divide a corpus by its split column.

        Raises
        ------
        KitError
            When a part is empty, or shares text with test that is neither dropped nor kept.
        """
        if self.shared not in get_args(Shared):
            raise KitError(
                f"split.shared is {self.shared!r}; it is one of: {', '.join(get_args(Shared))}"
            )
        _warn_unmarked(whole)
        parts = np.array(whole.parts, dtype=object)
        if "validation" not in whole.parts and "test" in whole.parts:
            rows = np.flatnonzero(parts == "train")
            articles = np.array(whole.articles)[rows]
            parts[rows[draw_groups(articles, self.validation, random_state)]] = "validation"
        splits = make_splits(whole, parts.tolist())
        pairs = [
            *_find_leaks(splits.train, splits.test),
            *_find_leaks(splits.validation, splits.test),
        ]
        if not pairs:
            return splits
        if self.shared == "refuse":
            raise _leak_error(whole.name, pairs)
        if self.shared == "keep":
            return _mark_repeated(splits, {tested for _, tested in pairs})
        texts = {trained for trained, _ in pairs}
        train, validation = _drop_texts(splits.train, texts), _drop_texts(splits.validation, texts)
        if not len(train) or not len(validation):
            raise KitError(
                f"corpus {whole.name!r} has no training or no validation example whose text "
                "test does not have too; mark another split, or use split=grouped"
            )
        return Splits(train, validation, splits.test)


def _leak_error(name: str, pairs: list[tuple[str, str]]) -> KitError:
    shown = [f"{trained[:70]!r} and {tested[:70]!r}" for trained, tested in pairs[:_SHOWN_PAIRS]]
    return KitError(
        f"corpus {name!r} has {len(pairs)} texts in train or validation that test has too: "
        f"{'; '.join(shown)}. Use split.shared=drop to leave them out of training, or "
        "split.shared=keep for an official split (where a split is made from another: "
        "split.base.shared=drop)"
    )


class FewShotSplit:
    """Another split with only a few training examples per code, drawn for every random state.

    Parameters
    ----------
    base
        The split that is drawn from. Its validation and test parts stay complete.
    per_code
        The number of examples of each code; of a code that has fewer, all.
    """

    def __init__(self, base: Callable[..., Splits], *, per_code: int = 16) -> None:
        self.base = base
        self.per_code = per_code

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Splits:
        """Divide a corpus, and draw from its training part."""
        if self.per_code < 1:
            raise KitError(f"split.per_code is {self.per_code}; it must be 1 or more")
        splits = self.base(whole, random_state=random_state)
        generator = np.random.default_rng(random_state)
        # An example with several codes counts for each of them, and is drawn once.
        drawn: set[int] = set()
        for code in whole.codebook.names:
            rows = [row for row, codes in enumerate(splits.train.labels) if code in codes]
            drawn.update(generator.permutation(rows)[: self.per_code].astype(int).tolist())
        train = splits.train.take(sorted(drawn))
        return Splits(train, splits.validation, splits.test, splits.shared)


class GroupedSplit:
    """A random split in which no group, and no two copies of a text, are in two parts.

    Parameters
    ----------
    by
        What stays together: `article`, `event` (same topic and date), `topic` or `source`.
        With `actor`, articles are divided, and test keeps only examples whose actor
        training does not have.
    validation, test
        Shares of the groups.
    per_state
        Whether every random state draws parts of its own, which shows how scores vary from
        one test set to another. By default all are tested on the same examples.
    """

    def __init__(
        self,
        *,
        by: By = "article",
        validation: float = 0.15,
        test: float = 0.25,
        per_state: bool = False,
    ) -> None:
        self.by = by
        self.validation = validation
        self.test = test
        self.per_state = per_state

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Splits:
        """Divide a corpus at random by group.

        Raises
        ------
        KitError
            When there are fewer than three groups, or a part is empty.
        """
        check_shares(self.validation, self.test)
        if self.by not in get_args(By):
            raise KitError(f"split.by is {self.by!r}; it is one of: {', '.join(get_args(By))}")
        if not self.per_state:
            random_state = FIXED_STATE
        groups = np.array(find_groups(whole, self.by))
        parts = np.array(["train"] * len(whole), dtype=object)
        parts[draw_groups(groups, self.test, random_state)] = "test"
        rest = np.flatnonzero(parts == "train")
        # Of what test leaves, the share that is `validation` of the whole.
        share = self.validation / (1 - self.test)
        parts[rest[draw_groups(groups[rest], share, random_state)]] = "validation"
        if self.by == "actor":
            return make_splits(whole, _keep_new_actors(whole, parts.tolist()))
        return make_splits(whole, parts.tolist())


def check_shares(validation: float, test: float) -> None:
    """Raise a `KitError` unless two shares leave something for each part."""
    if min(validation, test) <= 0 or validation + test >= 1:
        raise KitError(
            f"split.validation is {validation} and split.test {test}; they are shares above 0 "
            "that leave some for train"
        )


def find_groups(whole: LabelledSet, by: By) -> list[str]:
    """Return the group of each example; groups with copies of one text are merged."""
    names = []
    for example, context in zip(whole.examples, whole.contexts, strict=True):
        names.append(_group_name(example, context, by) or example.article)
    groups = merge_duplicates(names, [example.text for example in whole.examples])
    if by not in ("article", "actor"):
        # All examples of an article are in the group of its first.
        group_of_article: dict[str, str] = {}
        groups = [
            group_of_article.setdefault(example.article, group)
            for example, group in zip(whole.examples, groups, strict=True)
        ]
    if len(set(groups)) < len(PART_NAMES):
        raise KitError(
            f"corpus {whole.name!r} has {len(set(groups))} groups by {by}, copies of a text "
            "counted as one; a split needs 3 or more: use another split, or name the column "
            "with corpus.columns"
        )
    return groups


def _group_name(example: Example, context: Context, by: By) -> str:
    """Return the group of an example, empty where its context does not name one."""
    if by == "topic":
        return context.topic
    if by == "source":
        return context.source
    if by == "event":
        if not (context.topic and context.date):
            return ""
        return f"{context.topic} {context.date}".strip()
    return example.article


def _keep_new_actors(whole: LabelledSet, parts: list[str]) -> list[str]:
    """Leave out of test and validation every example whose actor training has."""
    names = [example.actor.name if example.actor else "" for example in whole.examples]
    # An example without an actor cannot show how a model does on new ones.
    trained = {name for name, part in zip(names, parts, strict=True) if part == "train"} | {""}
    return [
        "" if part != "train" and name in trained else part
        for name, part in zip(names, parts, strict=True)
    ]


class InTopicSplit:
    """A random split by article in which training has an article on every test topic.

    Parameters
    ----------
    validation, test, per_state
        As of `GroupedSplit`.
    """

    def __init__(
        self, *, validation: float = 0.15, test: float = 0.25, per_state: bool = False
    ) -> None:
        self.validation = validation
        self.test = test
        self.per_state = per_state

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Splits:
        """Divide a corpus at random, with one article of each topic in train."""
        check_shares(self.validation, self.test)
        if not self.per_state:
            random_state = FIXED_STATE
        groups = find_groups(whole, "article")
        topics: dict[str, set[str]] = {}
        for group, context in zip(groups, whole.contexts, strict=True):
            topics.setdefault(group, set()).add(context.topic)
        # How many groups that are not in test or validation have each topic.
        remaining = Counter(topic for of_group in topics.values() for topic in of_group)
        wanted = {"test": self.test * len(topics), "validation": self.validation * len(topics)}
        sizes: Counter[str] = Counter()
        part_of: dict[str, str] = {}
        order = np.random.default_rng(random_state).permutation(sorted(topics)).tolist()
        for group in order:
            part = next((name for name in wanted if sizes[name] < wanted[name]), "train")
            if any(remaining[topic] < 2 for topic in topics[group]):
                part = "train"
            if part != "train":
                remaining.subtract(topics[group])
            sizes[part] += 1
            part_of[group] = part
        return make_splits(whole, [part_of[group] for group in groups])


class ForwardSplit:
    """Train on the oldest articles, tune on later ones, test on the latest.

    No part has a date that may be before the end of the part before it: an article that is
    dated to a month or a year is in one part with all of that month or year.

    Parameters
    ----------
    validation, test
        As of `GroupedSplit`.
    per_state
        Changes nothing, as nothing is drawn: an experiment can set it for several splits.
    """

    def __init__(
        self, *, validation: float = 0.15, test: float = 0.25, per_state: bool = False
    ) -> None:
        self.validation = validation
        self.test = test
        self.per_state = per_state

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Splits:
        """Divide a corpus by date.

        Raises
        ------
        KitError
            When an article has no date, or one that cannot be read; when too few dates
            differ.
        """
        check_shares(self.validation, self.test)
        groups = find_groups(whole, "article")
        date_of = self._read_dates(whole, groups)
        dates = sorted(date_of.values())
        ends = []
        for share in (1 - self.test - self.validation, 1 - self.test):
            # Rounded first: floating point may give 5.999… for 0.6 of 10 articles.
            position = int(round(share * len(dates), 6))
            ends.append(_find_period_start(dates, dates[min(position, len(dates) - 1)]))
        part_of = {
            group: PART_NAMES[sum(date >= end for end in ends)] for group, date in date_of.items()
        }
        if len(set(part_of.values())) < len(PART_NAMES):
            raise KitError(
                f"corpus {whole.name!r} has too few dates that differ to be divided by them "
                f"({listing(sorted(set(dates)))}); articles dated to a month or a year stay "
                "with all of it. Date them more precisely, or use another split"
            )
        return make_splits(whole, [part_of[group] for group in groups])

    def _read_dates(self, whole: LabelledSet, groups: list[str]) -> dict[str, str]:
        """Return the latest date of each group."""
        rows = zip(whole.examples, whole.contexts, strict=True)
        dates = read_dates(
            [(example.id, context.date) for example, context in rows],
            where=f"corpus {whole.name!r}",
            key="corpus.date_format",
        )
        date_of: dict[str, str] = {}
        for group, date in zip(groups, dates, strict=True):
            date_of[group] = max(date_of.get(group, ""), date)
        undated = sorted(group for group, date in date_of.items() if not date)
        if undated:
            raise KitError(
                f"{len(undated)} articles of corpus {whole.name!r} have no date: "
                f"{listing(group[:60] for group in undated)}. Name the column with "
                "corpus.columns.date=COLUMN, or use another split"
            )
        return date_of


def _find_period_start(dates: list[str], cut: str) -> str:
    """Return a cut, moved to the start of the month or year that a less precise date names."""
    return min([date for date in dates if cut.startswith(date)], key=len)
