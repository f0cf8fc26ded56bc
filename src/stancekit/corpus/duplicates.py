"""Texts that two parts of a corpus share, word for word or nearly: wire copy, retweets, quotations."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from math import ceil

ALIKE = 0.6
_GRAM_WORD = re.compile(r"\w+")
Gram = tuple[str, ...]


def word_ngrams(text: str, size: int = 3) -> frozenset[Gram]:
    """Return the word n-grams of a text, case ignored; of a shorter one, all its words together.

    Examples
    --------
    >>> sorted(word_ngrams("They met, they left."))
    [('met', 'they', 'left'), ('they', 'met', 'they')]
    """
    words = _GRAM_WORD.findall(text.lower())
    if len(words) < size:
        return frozenset([tuple(words)] if words else [])
    return frozenset(tuple(words[at : at + size]) for at in range(len(words) - size + 1))


def find_near_duplicates(
    first: Sequence[str], second: Sequence[str] | None = None, *, alike: float = ALIKE
) -> list[tuple[int, int]]:
    """Return pairs of texts whose word 3-grams overlap: a Jaccard index of `alike` or more.

    Only pairs that share one of their rarest 3-grams are compared (prefix filtering: Chaudhuri,
    Ganti and Kaushik 2006, "A Primitive Operator for Similarity Joins in Data Cleaning"), so that
    the cost stays near linear.

    Parameters
    ----------
    first, second
        Texts; without `second`, pairs are looked for within `first`, each once.

    Returns
    -------
    list of pairs
        Positions in `first` and in `second`.

    Examples
    --------
    >>> find_near_duplicates(["The vote was held on Monday."], ["Rain fell.", "the vote was held on monday"])
    [(0, 1)]
    """
    sets = [word_ngrams(text) for text in first]
    others = sets if second is None else [word_ngrams(text) for text in second]
    frequency = Counter(
        gram for one in (sets if second is None else [*sets, *others]) for gram in one
    )

    def rarest(one: frozenset[Gram]) -> list[Gram]:
        return sorted(one, key=lambda gram: (frequency[gram], gram))[
            : len(one) - ceil(alike * len(one)) + 1
        ]

    index: defaultdict[Gram, list[int]] = defaultdict(list)
    for at, one in enumerate(others):
        for gram in rarest(one):
            index[gram].append(at)
    found = set()
    for at, one in enumerate(sets):
        for other in {other for gram in rarest(one) for other in index[gram]}:
            if second is None and other <= at:
                continue
            shared = len(one & others[other])
            if shared >= alike * (len(one) + len(others[other]) - shared):
                found.add((at, other))
    return sorted(found)


def merge_duplicates(groups: Sequence[str], texts: Sequence[str]) -> list[str]:
    """Merge groups that hold near-duplicate texts: each keeps the name of the first it is merged with.

    Examples
    --------
    >>> merge_duplicates(["a", "b", "c"], ["The vote was held on Monday.", "Rain fell.", "The vote was held on Monday"])
    ['a', 'b', 'a']
    """
    leader = {group: group for group in groups}

    def find(group: str) -> str:
        while leader[group] != group:
            leader[group] = leader[leader[group]]
            group = leader[group]
        return group

    texts_of = list(dict.fromkeys(zip(groups, texts, strict=True)))
    order = {group: at for at, group in enumerate(dict.fromkeys(groups))}
    for one, other in find_near_duplicates([text for _, text in texts_of]):
        ends = sorted((find(texts_of[one][0]), find(texts_of[other][0])), key=order.__getitem__)
        leader[ends[1]] = ends[0]
    return [find(group) for group in groups]
