"""Find texts that are copies of each other, word for word or nearly.

Corpora of news and of social media are full of them: wire copy, retweets, quotations.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from math import ceil

from stancekit.corpus.dataset import numbered

# The Jaccard index from which two texts are copies: 60 % of their word 3-grams are common.
# Wire copy with a word changed here and there is above it. Two sentences of one template
# are below it, since a changed word changes three 3-grams.
ALIKE = 0.6
_GRAM_WORD = re.compile(r"\w+")
Gram = tuple[str, ...]


def word_ngrams(text: str, size: int = 3) -> frozenset[Gram]:
    """Return the word n-grams of a text in small letters; of a shorter text, all its words.

    Examples
    --------
    >>> sorted(word_ngrams("They met, they left."))
    [('met', 'they', 'left'), ('they', 'met', 'they')]
    """
    words = _GRAM_WORD.findall(text.lower())
    if len(words) < size:
        return frozenset([tuple(words)] if words else [])
    starts = range(len(words) - size + 1)
    return frozenset(tuple(words[start : start + size]) for start in starts)


def find_near_duplicates(
    first: Sequence[str], second: Sequence[str] | None = None, *, alike: float = ALIKE
) -> list[tuple[int, int]]:
    """Return the pairs of texts whose sets of word 3-grams have a Jaccard index of `alike`.

    Only pairs that share one of their rarest 3-grams are compared (prefix filtering:
    Chaudhuri, Ganti and Kaushik 2006, "A Primitive Operator for Similarity Joins in Data
    Cleaning"), so that the time is nearly linear in the number of texts. No pair is missed.

    Parameters
    ----------
    first, second
        Texts. Without `second`, pairs are looked for within `first`, each once.
    alike
        The lowest Jaccard index of a pair.

    Returns
    -------
    list of pairs
        Positions in `first` and in `second`.

    Examples
    --------
    >>> monday = "The vote was held on Monday."
    >>> find_near_duplicates([monday], ["Rain fell.", "the vote was held on monday"])
    [(0, 1)]
    """
    queries = [word_ngrams(text) for text in first]
    texts = queries if second is None else [word_ngrams(text) for text in second]
    frequency: Counter[Gram] = Counter()
    for grams in queries if second is None else [*queries, *texts]:
        frequency.update(grams)

    def rarest(grams: frozenset[Gram]) -> list[Gram]:
        # Two sets that share so many grams share one of these, whatever the others are.
        size = len(grams) - ceil(alike * len(grams)) + 1
        return sorted(grams, key=lambda gram: (frequency[gram], gram))[:size]

    texts_with: defaultdict[Gram, list[int]] = defaultdict(list)
    for position, grams in enumerate(texts):
        for gram in rarest(grams):
            texts_with[gram].append(position)
    pairs = set()
    for query, grams in enumerate(queries):
        candidates: set[int] = set()
        for gram in rarest(grams):
            candidates.update(texts_with[gram])
        for position in candidates:
            if second is None and position <= query:
                continue
            shared = len(grams & texts[position])
            if shared >= alike * (len(grams) + len(texts[position]) - shared):
                pairs.add((query, position))
    return sorted(pairs)


def merge_duplicates(groups: Sequence[str], texts: Sequence[str]) -> list[str]:
    """Merge the groups of texts that are near-duplicates of each other.

    Parameters
    ----------
    groups
        The group of each text.

    Returns
    -------
    list of str
        The new group of each text, named for the first group that is merged in it.

    Examples
    --------
    >>> texts = ["The vote was held on Monday.", "Rain fell.", "The vote was held on Monday"]
    >>> merge_duplicates(["a", "b", "c"], texts)
    ['a', 'b', 'a']
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    names = list(dict.fromkeys(groups))
    group_of = numbered(groups)
    # A text is compared once per group, however often it is repeated there.
    rows = list({pair: row for row, pair in enumerate(zip(groups, texts, strict=True))}.values())
    pairs = find_near_duplicates([texts[row] for row in rows])
    left = [group_of[rows[query]] for query, _ in pairs]
    right = [group_of[rows[position]] for _, position in pairs]
    edges = coo_array(([True] * len(pairs), (left, right)), shape=(len(names), len(names)))
    _, components = connected_components(edges, directed=False)
    first_name: dict[int, str] = {}
    for name, component in zip(names, components.tolist(), strict=True):
        first_name.setdefault(component, name)
    return [first_name[components[group]] for group in group_of]
