"""The key of each code and of each other thing that can be said of an item."""

from collections.abc import Iterable, Mapping, Sequence
from string import ascii_lowercase

from stancekit.codebook import Codebook

# Keys that mean the same in every project.
TAKE_BACK, UNSURE, NOTE, SAVE = "u", "?", "n", "Enter"
_DIGIT_KEYS = "1234567890"
# What may be wrong with the pair that an item asks about, and the key it has where no code has it.
FINDING_KEYS: Mapping[str, str] = {"no actor": "x", "actor missing": "m", "wrong target": "w"}


def assign_keys(codebooks: Sequence[Codebook]) -> dict[tuple[str, str], str]:
    """Return the key of each code, by codebook and code; codes that are left without one have none.

    Codes that exclude each other have the first letter of their name that is free. Codes of
    which several may apply have the digits 1 to 9 and 0, those after the tenth a letter.

    Examples
    --------
    >>> from stancekit.codebook import load_codebook
    >>> keys = assign_keys([load_codebook("stance"), load_codebook("diplomacy")])
    >>> [keys["stance", code] for code in ("condemn", "abstain", "support", "none")]
    ['c', 'a', 's', 'o']
    >>> keys["diplomacy", "sovereignty"], keys["diplomacy", "domestic_politics"]
    ('1', '9')
    """
    taken = {TAKE_BACK, NOTE}
    digits = iter(_DIGIT_KEYS)
    keys: dict[tuple[str, str], str] = {}
    # Digits are left to sets of codes, and letters first of all to single codes.
    for book in sorted(codebooks, key=lambda book: book.multi_label):
        for code in book.codes:
            key = next(digits, "") if book.multi_label else ""
            key = key or _free_letter(code.name, taken)
            if key:
                taken.add(key)
                keys[book.name, code.name] = key
    return keys


def finding_keys(taken: Iterable[str]) -> dict[str, str]:
    """Return the key of each finding: its own, or a free letter of its name where a code has that.

    Examples
    --------
    >>> finding_keys({"c", "m"})
    {'no actor': 'x', 'actor missing': 'a', 'wrong target': 'w'}
    """
    used = {*taken, TAKE_BACK, NOTE}
    keys = {}
    for finding, own in FINDING_KEYS.items():
        if key := own if own not in used else _free_letter(finding, used):
            keys[finding] = key
            used.add(key)
    return keys


def _free_letter(name: str, taken: Iterable[str]) -> str:
    """Return the first letter of a name that is free, else the first of the alphabet, else nothing."""
    letters = [letter for letter in name.casefold() if letter.isalpha()]
    return next((letter for letter in (*letters, *ascii_lowercase) if letter not in taken), "")
