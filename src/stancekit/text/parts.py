"""Parts of speech, by spaCy's rules on the tags and roles of words."""

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from stancekit.text.nlp import load_tag_rules

if TYPE_CHECKING:
    from spacy.language import Language

# What of the rules' results is read.
_READ = frozenset(["TAG", "POS", "DEP"])


class WordKind(NamedTuple):
    """A word's fine and coarse part of speech, and its relation to its head, as spaCy names them."""

    tag: str
    part: str
    role: str


class WordKinds:
    """Tells the part of speech of a word from its tag and its role, and corrects these for spaces.

    To match spaCy's rules with every word takes as long as to parse it. They look at tag and role,
    at the role of the word before, and at the letters of a few words: what is the same to them is
    asked once.

    Examples
    --------
    >>> kinds = word_kinds()
    >>> code = kinds.strings.add
    >>> kinds.look_up(code("as"), code("IN"), code("prep"))
    WordKind(tag='IN', part='ADP', role='prep')
    >>> kinds.look_up(code("that"), code("IN"), code("mark")).part
    'SCONJ'
    """

    def __init__(self, rules: "Language") -> None:
        self.strings = rules.vocab.strings
        self._rules = rules
        self._ruler = cast(Any, rules.get_pipe("attribute_ruler"))
        self._words: set[int] = set()
        self._before: set[int] = set()
        self._known: dict[tuple[int, int, int, int], WordKind] = {}
        for rule in self._ruler.patterns:
            if _READ.isdisjoint(rule["attrs"]):
                continue
            for pattern in rule["patterns"]:
                for word in pattern:
                    lower = word.get("LOWER", {})
                    named = [lower] if isinstance(lower, str) else lower.get("IN", [])
                    self._words.update(map(self.strings.add, named))
                if len(pattern) > 1:
                    self._before.add(self.strings.add(pattern[0]["DEP"]))

    def look_up(self, lower: int, tag: int, role: int, before: int = 0) -> WordKind:
        """Return the kind of a word from the codes of its small letters, tag and role in spaCy's table of strings.

        Parameters
        ----------
        before
            The role of the word before it.
        """
        word = lower if lower in self._words or self.strings[lower].isspace() else 0
        key = word, tag, role, before if before in self._before else 0
        if key not in self._known:
            self._known[key] = self._ask(self.strings[lower], *key[1:])
        return self._known[key]

    def _ask(self, word: str, tag: int, role: int, before: int) -> WordKind:
        from spacy.tokens import Doc

        doc = Doc(self._rules.vocab, words=["-", word])
        codes: Any = np.array([[0, before], [tag, role]], dtype=np.uint64)
        read = self._ruler(doc.from_array(["TAG", "DEP"], codes))[1]
        return WordKind(read.tag_, read.pos_, read.dep_)


@cache
def word_kinds() -> WordKinds:
    """Return the kinds of words of the English pipeline."""
    return WordKinds(load_tag_rules())
