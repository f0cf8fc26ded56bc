"""Whether the first line of a text is its title."""

import re

from stancekit.text.clean import clean
from stancekit.text.sentences import split_sentences
from stancekit.types import Article

# A first line with a blank line behind it, and a text behind that.
_FIRST = re.compile(r"\s*(?P<line>[^\n]*\S)[^\S\n]*\n[^\S\n]*\n\s*\S")
LONGEST = 200

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\.?"
)
_DATE = (
    rf"(?:(?:\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH}|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?)(?:,?\s+\d{{4}})?|"
    r"\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4})"
)
_PERSONAL = r"(?:mr|mrs|ms|mx|miss|madam|madame|mme|sir|dr|prof|professor|monsieur|ambassador|judge)\.?"
_OFFICE = (
    r"(?:the\s+)?(?:(?:acting|deputy|vice)[\s-]+)?(?:president|chair(?:man|woman|person)?|speaker|rapporteur|moderator|"
    r"secretary(?:[- ]general)?|commissioner|minister)"
)
# All words of a line that addresses an audience: "Thank you, Madam Chair, distinguished members of the Council".
_ADDRESS = re.compile(
    rf"(?:(?:{_PERSONAL}|{_OFFICE}|thank|thanks|you|very|so|much|good|morning|afternoon|evening|day|hello|greetings|dear|"
    r"esteemed|distinguished|honou?rable|respected|your|my|fellow|excellenc(?:y|ies)|majest(?:y|ies)|highness(?:es)?|"
    r"ladies|gentlemen|colleagues?|delegates?|members?|representatives?|ministers?|ambassadors?|friends?|comrades?|"
    r"citizens|compatriots|brothers|sisters|guests|sirs?|editor|everyone|everybody|all|and|to|of|the|this|assembly|"
    r"council|committee|conference|parliament|house|congress|heads?|states?|governments?)(?=[\s,;!–—-]|$)[\s,;!–—-]*+)++",
    re.IGNORECASE,
)
_NAME = r"(?-i:[A-Z][\w.'’-]*|de|van|von|der|al|bin|and)"
# Lines that open a speech, a dispatch or a record, and name nothing that it is about.
_OPENINGS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # who speaks, or is spoken to: "Mr. OSEI (Ghana)", "The PRESIDENT (spoke in Spanish)", "Dear Mr. Osei"
        rf"(?:dear\s+)?{_PERSONAL}(?:\s+{_NAME}){{1,4}}(?:\s*\(.*\))?",
        rf"{_OFFICE}(?:\s*\(.*\))?",
        # where, when and by whom: "GENEVA, 12 May 2020 (Agency)", "DAKAR (Agency) -", "By Ama Osei"
        rf"(?:[^\d,]{{2,40}}[,–—-]\s*)?(?:\w+day,?\s+)?{_DATE}(?:\s*[(–—-].{{0,40}})?",
        r"(?-i:(?:[A-Z][\w.'’-]*\s+){1,4})\([\w /]+\)\s*[-–—]",
        rf"by(?:\s+{_NAME}){{1,8}}",
        # the symbol of a document: "A/73/PV.12"
        r"\S*/\S*",
    )
)
_LISTED = re.compile(r"[-*•‣▪◦·–—]\s|\(?\d{1,3}[.)]\s|\([a-z]+\)\s")


def title_in(text: str) -> tuple[str, int] | None:
    r"""Return the title of a text and where it ends, or None for a text without one.

    A title is a first line with a blank line behind it that reads like one. It has words, at most 200 characters, and
    no full stop, colon or comma at its end; it is one sentence, no item of a list, and does not open a speech, a
    dispatch or a record: salutations ("Mr. President"), speakers ("Mr. OSEI (Ghana)"), datelines and bylines.

    Examples
    --------
    >>> title_in("Fish war\n\nIceland sent ships.")
    ('Fish war', 8)
    >>> print(title_in("Mr. President,\n\nPeru rejects it."), title_in("Peru rejected it.\n\nGhana did not."))
    None None
    """
    found = _FIRST.match(text)
    if not found:
        return None
    line = clean(found["line"]).text.strip()
    return (found["line"], found.end("line")) if _reads_like_one(line) else None


def _reads_like_one(line: str) -> bool:
    if len(line) > LONGEST or not any(len(word) > 1 and word.isalpha() for word in re.split(r"[\W_]", line)):
        return False
    if line.rstrip("\"'”’»›)]}")[-1:] in ".!?…。！？,;:" or _LISTED.match(line):
        return False
    bare = line.strip(" \t\"'“”‘’*_#")
    if any(opening.fullmatch(bare) for opening in (_ADDRESS, *_OPENINGS)):
        return False
    return len(split_sentences(Article("", line))) == 1
