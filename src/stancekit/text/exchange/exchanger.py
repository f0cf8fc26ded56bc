"""Exchange the names of a sentence for others of their kind: who it is must not decide.

A state takes the place of a state in all its forms, a body that of a body of its kind, and
personal names, parties and camps are drawn from lists. What is said of them stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from stancekit.text.exchange.finder import ExchangeableFinder, FoundName
from stancekit.text.exchange.pools import Named, NamePools, Slot, load_pools
from stancekit.text.gazetteer import Gazetteer, load_gazetteer
from stancekit.types import Example, Mention

# Draws before a name stays as it is.
_MOST_DRAWS = 20
_VOWELS = frozenset("AEIOU")
# Letters that are read with a vowel first: "an FAO report".
_READ_WITH_VOWEL = frozenset("AEFHILMNORSX")


@dataclass(frozen=True, slots=True)
class _Edit:
    """What takes the place of a stretch of a text; an empty stretch is an insertion."""

    start: int
    end: int
    new: str


@dataclass(frozen=True, slots=True)
class _Need:
    """What the names of one slot need of who takes their place."""

    forms: frozenset[str]
    bare: bool


@dataclass(frozen=True, slots=True)
class _Plan:
    """What can be exchanged in an example: the names in its text and in names that the text lacks."""

    text: tuple[FoundName, ...]
    actor: tuple[FoundName, ...]
    target: tuple[FoundName, ...]
    needs: dict[Slot, _Need]
    actor_slot: Slot | None


class NameExchanger:
    """Exchanges the names of states, bodies, persons, parties and camps, in a text, its actor and its target.

    A name keeps its form: name, adjective, people or capital, its article, its ending and its
    capitals. All that is named by one state becomes another one, and no two become the same. What
    others have no form for stays as it is. Offsets are those of the new text.

    Parameters
    ----------
    gazetteer
        The names that are known; by default the shipped ones.

    Examples
    --------
    >>> exchange = NameExchanger()
    >>> peru, draft = Mention("Peru", 0, 4), Mention("a Chilean draft", 16, 31)
    >>> example = Example("1", "Peru voted down a Chilean draft.", peru, draft)
    >>> changed = exchange(example, np.random.default_rng(5))
    >>> changed.text
    'Nauru voted down a Colombian draft.'
    >>> changed.actor, changed.target.name
    (Mention(name='Nauru', start=0, end=5, code=None), 'a Colombian draft')
    """

    def __init__(self, gazetteer: Gazetteer | None = None) -> None:
        known = gazetteer or load_gazetteer()
        self.pools: NamePools = load_pools(known)
        self._finder = ExchangeableFinder(self.pools, known)
        self._plans: dict[tuple[str, Mention | None, Mention | None], _Plan] = {}

    def __call__(self, example: Example, rng: np.random.Generator) -> Example:
        """Return the example with its names exchanged; the same one where it has none."""
        plan = self._plan(example)
        drawn = self._draw(plan, rng)
        if not drawn:
            return example
        edits = _list_edits(example.text, plan.text, drawn)
        text = _apply(example.text, edits)
        mentions = [
            self._exchange_mention(mention, names, drawn, edits=edits, texts=(example.text, text))
            for mention, names in ((example.actor, plan.actor), (example.target, plan.target))
        ]
        return replace(example, text=text, actor=mentions[0], target=mentions[1])

    def names_in(self, example: Example) -> int:
        """Return how many different names can be exchanged."""
        return len(self._plan(example).needs)

    def actor_name(self, example: Example) -> str:
        """Return by whose name the actor goes: its state, body or own name; empty where it has none.

        Examples
        --------
        >>> NameExchanger().actor_name(Example("1", "The Kremlin left.", Mention("Kremlin", 4, 11)))
        'Russia'
        """
        slot = self._plan(example).actor_slot
        return slot.key if slot else ""

    def _plan(self, example: Example) -> _Plan:
        key = (example.text, example.actor, example.target)
        if key not in self._plans:
            self._plans[key] = self._make_plan(example)
        return self._plans[key]

    def _make_plan(self, example: Example) -> _Plan:
        in_text, in_actor, in_target = self._finder.find(example)
        blocked = {
            found.slot
            for found in in_text
            for mention in (example.actor, example.target)
            if found.slot and _cuts(mention, found)
        }
        kept = [
            tuple(found for found in names if found.slot not in blocked)
            for names in (in_text, in_actor, in_target)
        ]
        needs: dict[Slot, _Need] = {}
        for found in (found for names in kept for found in names):
            known = needs.get(found.slot, _Need(frozenset(), False))
            bare = known.bare or found.needs_bare
            needs[found.slot] = _Need(known.forms | {found.form}, bare)
        return _Plan(kept[0], kept[1], kept[2], needs, _actor_slot(example.actor, kept[0], kept[1]))

    def _draw(self, plan: _Plan, rng: np.random.Generator) -> dict[Slot, Named]:
        """Return who takes whose place: others than those named, and never one for two."""
        drawn: dict[Slot, Named] = {}
        taken: set[tuple[str, str]] = set()
        for slot, need in plan.needs.items():
            pool = self.pools.fitting(slot.kind, need.forms, bare=need.bare)
            for number in rng.integers(len(pool), size=_MOST_DRAWS).tolist() if pool else ():
                one = pool[number]
                if one.key != slot.key and (slot.kind, one.key) not in taken:
                    drawn[slot] = one
                    taken.add((slot.kind, one.key))
                    break
        return drawn

    def _exchange_mention(
        self,
        mention: Mention | None,
        names: Sequence[FoundName],
        drawn: dict[Slot, Named],
        *,
        edits: Sequence[_Edit],
        texts: tuple[str, str],
    ) -> Mention | None:
        """Return a mention in the text after its edits; `names` are those in the mention's own name."""
        if mention is None:
            return None
        code = mention.code
        for slot, one in drawn.items():
            if code is not None and self.pools.codes.get(slot.key) == code:
                code = one.code
                break
        if mention.start is None or mention.end is None:
            name = _apply(mention.name, _list_edits(mention.name, names, drawn))
            return Mention(name, None, None, code)
        before, after = texts
        start = _move(mention.start, edits, is_end=False)
        end = _move(mention.end, edits, is_end=True)
        name = after[start:end]
        if mention.name != before[mention.start : mention.end]:
            name = _apply(mention.name, _list_edits(mention.name, names, drawn))
        return Mention(name, start, end, code)


def _cuts(mention: Mention | None, found: FoundName) -> bool:
    """Say whether a mention begins or ends within a name."""
    if mention is None or mention.start is None or mention.end is None:
        return False
    return any(found.start < place < found.end for place in (mention.start, mention.end))


def _actor_slot(
    actor: Mention | None, in_text: Sequence[FoundName], in_name: Sequence[FoundName]
) -> Slot | None:
    if actor is None:
        return None
    if actor.start is None or actor.end is None:
        return in_name[0].slot if in_name else None
    start, end = actor.start, actor.end
    inside = (found.slot for found in in_text if start <= found.start and found.end <= end)
    return next(inside, None)


def _list_edits(text: str, names: Sequence[FoundName], drawn: dict[Slot, Named]) -> list[_Edit]:
    """Return the edits of a text, in order."""
    edits: list[_Edit] = []
    for found in names:
        one = drawn.get(found.slot)
        if one is None:
            continue
        words = one.forms[found.form]
        edits += _edit_article(text, found, words, the=found.form in one.the)
        edits.append(_Edit(found.start, found.end, words.upper() if found.shouted else words))
        if found.suffix_end > found.end:
            edits.append(_Edit(found.end, found.suffix_end, ""))
        elif found.possessive_end > found.end:
            mark = text[found.end]
            ending = mark if words.endswith("s") else f"{mark}s"
            edits.append(_Edit(found.end, found.possessive_end, ending))
    return edits


def _edit_article(text: str, found: FoundName, words: str, *, the: bool) -> list[_Edit]:
    """Return the edit of the article before a name, none where it can stay."""
    if found.article is not None:
        start, end = found.article
        article = "an" if needs_an(words) else "a"
        return [_Edit(start, end, article.capitalize() if text[start].isupper() else article)]
    if found.own_the is not None and not the:
        return [_Edit(found.own_the, found.start, "")]
    if the and found.may_insert:
        return [_Edit(found.start, found.start, "The " if found.opens else "the ")]
    return []


def needs_an(words: str) -> bool:
    """Say whether the article before some words is "an", by how their first letters are read.

    Examples
    --------
    >>> [needs_an(words) for words in ("Omani", "Ukrainian", "EU", "NATO", "HRW")]
    [True, False, True, False, True]
    """
    first = words.partition(" ")[0]
    if first[0] not in _VOWELS | _READ_WITH_VOWEL:
        return False
    if first.isupper() and len(first) > 1:
        # Without a vowel in the second place it is spelled out, letter by letter.
        spelled = len(first) < 3 or first[1] not in _VOWELS
        return first[0] in (_READ_WITH_VOWEL if spelled else _VOWELS - {"U"})
    if first.startswith(("Eu", "Uni", "Uru", "Uga", "Ukr")):
        return False
    return first[0] in _VOWELS


def _apply(text: str, edits: Sequence[_Edit]) -> str:
    parts, place = [], 0
    for edit in edits:
        parts += [text[place : edit.start], edit.new]
        place = edit.end
    return "".join([*parts, text[place:]])


def _move(place: int, edits: Sequence[_Edit], *, is_end: bool) -> int:
    """Return where a place of a text is after edits, none of which it lies within."""
    moved = place
    for edit in edits:
        # What is inserted or removed where a mention begins stands before it.
        before = edit.start < place and edit.end <= place
        inserted = edit.start == edit.end == place and not is_end
        if before or inserted:
            moved += len(edit.new) - (edit.end - edit.start)
    return moved
