"""Where a sentence spells out a name: the one answer, for training and for labelling."""

import re

from stancekit.text.clean import clean
from stancekit.types import Mention

_APOSTROPHES = str.maketrans("’‘ʼ", "'''")


def locate(name: str, text: str) -> tuple[int, int] | None:
    r"""Return where a text first spells out a name, as whole words; letter case is the second try.

    White space, apostrophes, hyphens and composed letters may be written in any way (`clean`). A name of capitals
    alone is never a word in small letters: "US" is not "us". What stands alone goes before a part of a compound.

    Returns
    -------
    tuple of int, or None
        Offsets in `text` as it is given.

    Examples
    --------
    >>> locate("Mali", "Somalia and Mali voted")
    (12, 16)
    >>> locate("Guinea", "Guinea-Bissau and Guinea voted")
    (18, 24)
    >>> locate("the draft", "Peru read The  draft.")
    (10, 20)
    >>> print(locate("Oman", "A woman spoke."), locate("US", "They told us."), locate("", "No one voted."))
    None None None
    """
    wanted = clean(str(name)).text.strip().translate(_APOSTROPHES)
    if not wanted:
        return None
    seen = clean(text)
    plain = seen.text.translate(_APOSTROPHES)
    for flags in (0, re.IGNORECASE):
        for beside in (r"\w-", r"\w"):
            for found in re.finditer(rf"(?<![{beside}]){re.escape(wanted)}(?![{beside}])", plain, flags):
                if not (wanted.isupper() and found[0].islower()):
                    return seen.back(*found.span())
    return None


def mention(name: str, text: str) -> Mention:
    """Return a name as a mention, with its span where the sentence spells it out.

    Examples
    --------
    >>> mention("the draft", "Peru read The draft.")
    Mention(name='the draft', start=10, end=19, code=None)
    >>> mention("whaling", "Peru read the draft.").located
    False
    """
    return Mention(name, *(locate(name, text) or (None, None)))
