"""The forms in which English records votes, as patterns."""

import re

_WEEKDAY = r"(?:on\s+)?(?:mon|tues|wednes|thurs|fri|satur|sun)day"
# How a side is said after "voted", and in headings and counts.
_CAST = {
    "yes": r"in\s+favou?r|for|yes|yea|aye|in\s+the\s+affirmative|affirmatively",
    "no": r"against|no|nay|in\s+the\s+negative|negatively",
    "abstain": r"to\s+abstain|present",
}
_HEADED = {
    "yes": r"in\s+favou?r|for|yes|yeas?|ayes?|affirmative|supporting|approve",
    "no": r"against|no|noes|nays?|negative|opposed|opposing|dissenting",
    "abstain": r"abstain(?:ing|ed|s)?|abstentions?",
    "absent": r"absent|absentees?|not\s+voting|did\s+not\s+vote|non-?voting|not\s+present|excused|"
    r"not\s+participating|did\s+not\s+participate|absences",
}


def _any(sides: dict[str, str]) -> str:
    return "|".join(f"(?:{words})" for words in sides.values())


_SIDE_OF = [
    (side, re.compile(rf"(?:{words})", re.IGNORECASE))
    for sides in (_HEADED, _CAST)
    for side, words in sides.items()
]


def find_side(words: str) -> str:
    """Return the side that some words of a vote name, empty where they name none.

    Examples
    --------
    >>> [find_side(words) for words in ("in favour", "Noes", "abstaining", "not voting", "73")]
    ['yes', 'no', 'abstain', 'absent', '']
    """
    plain = " ".join(words.split())
    return next((side for side, pattern in _SIDE_OF if pattern.fullmatch(plain)), "")


NUMBER = (
    r"(?:\d{1,3}|no|none|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|"
    r"fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty)"
)
_VOTERS = (
    r"(?:votes?|members?|member\s+states|states|countries|delegations?|councill?ors|senators|"
    r"parties|nations|MPs|governments|abstentions?)"
)
# "Voting in favour of the motion (12):", "Ayes - 5:", "Among those abstaining were"
HEADING = re.compile(
    rf"(?<![\w-])(?P<lead>(?:(?:among|those|the|members?|states|countries|delegations|"
    rf"councill?ors|parties|who|that|votes?|voted|voting|were|recorded|only|sole|lone|two|"
    rf"three)\s+)*)"
    rf"(?P<side>{_any(_HEADED)})"
    r"(?:\s+votes?)?(?P<on>\s+(?:of\s+)?(?:the|this|that)\s+[^:().;,]{1,60}?)?"
    rf"\s*(?P<count>\(\s*\d{{1,3}}(?:\s+{_VOTERS})?\s*\)|[-–—,]?\s*\d{{1,3}})?\s*"
    r"(?P<end>:|[–—]|-\s|(?:(?<=\b(?:ayes|yeas|noes|nays))|(?<=\babstain)|(?<=\babsent)),(?=\s)|"
    r"\s(?:were|was|included|(?:was|were)\s+cast\s+by|came\s+from)\s|"
    r"(?<=\))(?=\s+[A-Z])|$)"
    rf"\s*(?:\d{{1,3}}(?:\s+{_VOTERS})?\s*(?:[-–—:]\s*|(?=\())|\(\d{{1,3}}\)\s*)?",
    re.IGNORECASE,
)
# "5 against (", "to 5 (", "with 3 abstentions ("
COUNTED = re.compile(
    rf"(?:(?P<link>\b(?:by|of|to))\s+)?(?P<number>\b{NUMBER})\s+"
    rf"(?:(?P<voters>{_VOTERS})\s*)?(?:(?:cast|voting|voted|were|was)\s+)?(?P<side>{_any(_HEADED)})?"
    r"\s*(?P<open>\(|[–—:](?=\s)|\s-(?=\s))"
    rf"|\b(?P<cast>vot(?:ed|ing)\s+)?(?P<bare>{_any(_HEADED)})\s*(?P<open_bare>\()"
    rf"|\bwith\s+(?:(?:{NUMBER}|the|an)\s+)?(?P<noun>abstentions?|votes?\s+against)\s+(?:by|from)"
    r"(?P<open_noun>\s)",
    re.IGNORECASE,
)
_SIDE_VOTED = "|".join(f"(?P<{side}>{words})" for side, words in _CAST.items())
_THE_VOTE = (
    r"(?:the|that|this|any|a)\s+(?:[\w-]+\s+)?(?:vote|voting|ballot|division|roll[\s-]+call|"
    r"decision)"
)
# "13-2", "by 13 to 2"
_TALLY = r"(?:\s+(?:by\s+)?\d{1,3}\s*(?:-|–|to)\s*\d{1,3},?)?"
VERB = re.compile(
    rf"(?<![\w-])(?:"
    rf"(?P<vote>voted|votes|vote|voting){_TALLY}\s+(?:{_SIDE_VOTED})(?![\w-])"
    r"|(?P<decide>voted|votes)"
    + _TALLY
    + r"\s+to\s+(?:(?P<adopt>adopt|approve|pass|endorse|accept|ratify)|"
    r"(?P<reject>reject|defeat|block|strike\s+down|throw\s+out))(?![\w-])"
    r"|voted\s+(?P<down>down)(?![\w-])"
    rf"|(?P<abstained>abstained|abstains|abstain|abstaining)(?![\w-])"
    rf"(?!\s+from\s+(?!voting|{_THE_VOTE}))(?:\s+from\s+voting)?"
    r"|(?P<refrained>refrained\s+from\s+voting|withheld\s+(?:its|their|his|her)\s+votes?)"
    rf"|(?P<away>(?:did|does|do)\s+not\s+(?:participate|take\s+part)\s+in\s+{_THE_VOTE}|"
    r"(?:did|does)\s+not\s+vote(?!\s+(?:for|against|in\s+favou?r|yes|no|to|on|down|with))|"
    r"did\s+not\s+cast\s+(?:a|its|their|his|her|any)\s+votes?(?!\s+(?:for|against|in))|"
    rf"(?:was|were)\s+(?:absent|missing)(?:\s+(?:from|for|during|at)\s+{_THE_VOTE})|"
    rf"(?:stayed\s+away\s+from|missed|skipped|boycotted)\s+{_THE_VOTE}|not\s+(?:voting|"
    r"participating))"
    r"|(?P<missing>(?:did|does)\s+not\s+(?:participate|take\s+part)(?!\s+in)|"
    r"(?:was|were)\s+(?:absent|not\s+present)(?!\s+from)|absent(?=\s*(?:[.,;]|and\b|$)))"
    r"|cast\s+(?:the|its|their|his|her|a)\s+(?:(?:only|sole|lone|single|two|three)\s+)*"
    r"(?:(?P<cast_no>dissenting|opposing|negative|no)\s+votes?|(?P<cast_yes>affirmative|positive|yes)"
    r"\s+votes?|votes?\s+(?P<cast_for>in\s+favou?r|for)|(?:votes?|ballots?)\s+(?P<cast_against>"
    r"against)|(?P<cast_veto>veto)(?:\s+against)?)(?![\w-])"
    r"|(?P<veto>vetoed)(?=\s+(?:the|an?|it|this|that|its|any|(?-i:[A-Z])|[\w-]+['’]s|sanctions)\b)|(?P<dissented>dissent(?:ed|ing)(?=\s*(?:$|[.,;)])))"
    r"|(?:was|were)\s+(?:alone\s+in|(?:among\s+)?the\s+(?:(?:only|sole|lone|two|three|few)\s+)+"
    r"(?:[\w-]+\s+){0,3}?(?:to|that|who|which)|among\s+(?:those|the\s+[\w-]+(?:\s+[\w-]+)?)(?:\s+"
    r"(?:that|who|which|to))?)\s+(?:(?P<only_abstain>abstain(?:ed|ing)?)|vot(?:e|ed|ing)\s+"
    rf"(?:(?P<only_yes>{_CAST['yes']})|(?P<only_no>{_CAST['no']})))(?![\w-])"
    r"|(?P<same>followed\s+suit|did\s+(?:the\s+same|likewise|so\s+too))(?![\w-])"
    r"|(?P<short_no>against)(?=\s*(?:$|[,.;]|(?:it|them)\b|and\b|while\b|with\b|but\b))"
    r"|(?P<short_yes>in\s+favou?r|for)(?=\s*(?:$|[,.;]|(?:it|them)\b|and\b|while\b|with\b|but\b))"
    r")",
    re.IGNORECASE,
)
_ADVERB = (
    rf"(?:also|both|all|each|then|again|today|yesterday|later|finally|duly|instead|nevertheless|"
    r"eventually|unanimously|jointly|ultimately|likewise|similarly|too|still|simply|alone|"
    rf"therefore|once\s+more|has|have|in\s+the\s+end|together|meanwhile|itself|themselves|"
    rf"himself|herself|subsequently|accordingly|{_WEEKDAY})"
)
# What may stand between those who voted and the verb.
GAP = re.compile(
    rf"(?:,?\s+(?:and|plus)\s+(?:[\w-]+\s+){{0,2}}?(?:others?|more)(?:\s+[a-z]+)?)?\s*(?:,\s*(?:too|however|meanwhile|in\s+turn|for\s+(?:its|their|his|her)\s+part|by\s+contrast|"
    rf"instead|as\s+expected|again|in\s+the\s+end|{_WEEKDAY})\s*,)?\s*"
    rf"(?:,?\s*(?P<relative>who|which)\s+)?(?:{_ADVERB}\s+)*",
    re.IGNORECASE,
)
# What may stand before them: the start of a clause.
_CLAUSE = (
    r"(?:^|[,;:.(–—“\"]\s*|\b(?:and|but|while|whereas|though|although|as|yet|then|so|also|only|just|"
    r"even|both|including|namely|like|where|when|instead|meanwhile|however|plus|followed\s+by)\s+)"
)
LEFT = re.compile(rf"{_CLAUSE}(?:(?:only|just|even|both|the|on\s+\w+day,?)\s+)*$", re.IGNORECASE)
# "On Friday Peru voted": no name and no verb before the first name.
_OPENING = r"^(?:in|on|at|during|after|following|yesterday|today|later|this|last|once)\b[a-z\s\d]*"
OPENING = re.compile(rf"(?i:{_OPENING})(?:[A-Z][a-z]*day\s|[A-Z][a-z]+\s)?$")
NO_OPENING = re.compile(
    r"\b(?:of|with|from|to|by|against|for|between|than|like|on|in|at|after)\s*$", re.IGNORECASE
)
LEFT_OF_PARTICIPLE = re.compile(
    rf"(?:{_CLAUSE}|\bwith\s+)(?:(?:only|just|the|both)\s+)*$", re.IGNORECASE
)
IN_PLACE = re.compile(r"(?:^|[,;:.]\s|\b(?:while|but|and)\s)(?:in|at|on|during)\s+$", re.IGNORECASE)
# "All but Peru", "none of which", "few countries, including Peru"
EXCEPTED = re.compile(
    r"\b(?:all|nobody|none|everyone|everybody|no\s+one|anyone|anybody|no\s+\w+|all\s+\w+)\s+but\s+$",
    re.IGNORECASE,
)
HARDLY_ANY = re.compile(r"\b(?:no|not|none|few|hardly|neither|without|nobody)\b", re.IGNORECASE)
# "voted for and against", "abstained or voted against"
UNDECIDED = re.compile(r",?\s+(?:or\b|and\s+(?:against|for\b))", re.IGNORECASE)
JOINING = re.compile(r"\bjoin(?:ed|ing)\s+(?:the\s+)?$", re.IGNORECASE)
INCLUDING = re.compile(r"\s*(?:including|among\s+them|namely|such\s+as)\s+", re.IGNORECASE)
LISTS_OTHERS = re.compile(
    r"\s*(?:together\s+with|along\s+with|alongside|as\s+well\s+as|joined\s+by|followed\s+by)\s+",
    re.IGNORECASE,
)
APPOSITION = re.compile(
    r"\s*(?:an?|the|both|all|two|three|each|which|who|whose|on|one|its|their|his|her|despite|after|having|citing|as|"
    r"with|unlike|alone|in|itself|themselves|long|once|however|meanwhile|for|by)\b"
)
# "voted against the measure, joined by B and C"
EXTRA = re.compile(
    r"(?P<between>[^,;:()]{0,160}?)\s*,?\s*(?:\band\s+was\s+|\band\s+were\s+)?(?P<link>\b(?:joined|"
    r"followed|accompanied)\s+by|\btogether\s+with|\balong\s+with|\balongside|\bas\s+did|"
    r"\band\s+so\s+did)\s+",
    re.IGNORECASE,
)
# Words that make a vote a supposition wherever they stand before it in the sentence.
SUPPOSED = re.compile(
    r"\b(?:if|unless|whether|suppos(?:e|ed|ing)|assum(?:e|es|ed|ing)|according\s+to|reportedly|"
    r"allegedly|apparently|imagine|predict(?:s|ed)?|rumou?r(?:s|ed)?|hypothetical(?:ly)?|"
    r"wrongly|falsely|mistakenly|untrue|incorrect|in\s+(?:the\s+event|case)|as\s+though|seem(?:s|ed)?|claim(?:s|ed)?|den(?:y|ies|ied)|perhaps|maybe)\b",
    re.IGNORECASE,
)
# The same, where they stand in its clause.
DOUBT = re.compile(
    r"\b(?:would|should|could|might|will|shall|must|cannot|neither|nor|not(?!\s+(?:voting|"
    r"participating|present))|never|nobody|probably|possibly|likely|(?<!as\s)expected)\b|n['’]t\b",
    re.IGNORECASE,
)
HEARSAY = re.compile(
    r"\?\s*[\"”’)]*$|,\s+(?!and\b|but\b|while\b|which\b|who\b|as\b|so\b|because\b|though\b|after\b)"
    r"[^,]{0,80}\b(?:said|says|claim(?:s|ed)|reported|told|alleg(?:es|ed)|believes?|suggest(?:s|ed)|"
    r"according\s+to)\b[^,]*$|,\s*according\s+to\b|\b(?:reportedly|allegedly)\b",
    re.IGNORECASE,
)
# A vote of another time is on another text than the one at hand.
EARLIER = re.compile(
    r"\b(?:(?:last|previous)\s+(?:time|year|month|session|term|round)|previously|in\s+(?:19|20)\d\d|"
    r"years?\s+(?:ago|earlier|before)|in\s+the\s+past|historically|earlier(?!\s+(?:draft|text|version))|"
    r"(?:a|two|three)\s+(?:weeks?|months?)\s+(?:ago|earlier)|"
    r"in\s+(?:january|february|march|april|may|june|july|august|september|october|november|"
    r"december))\b",
    re.IGNORECASE,
)
# Without one of these, a sentence has no form of a vote.
HINT = re.compile(
    r"vot|abst|veto|against|favou?r|dissent|oppos|suit\b|\bdid\b|absent|absence|missing|present|"
    r"participat|excused|\b(?:yes|yea|yeas|ayes?|noes|nays?|no|for|approve|affirmative|negative|"
    r"supporting)\s*(?:[:=(|–—.;,\d-]|votes?\b|the\b|$)",
    re.IGNORECASE,
)
QUOTED = re.compile(r"“[^”]*(?:”|$)|«[^»]*(?:»|$)|\"[^\"]*(?:\"|$)")
VOTING = re.compile(
    r"\b(?:vot(?:e|es|ed|ing)|ballot|roll[\s-]call|division|abst\w+)\b", re.IGNORECASE
)
# A line of a list: a number or bullet, names, and nothing else.
BULLET = re.compile(r"\s*(?:\(?\d{1,3}[.)]?\s+|[-*•·–—|]\s+)?")
NOBODY = re.compile(r"\s*(?:none|nil|nobody|no\s+one|n/a|zero|0|-|–|—)\s*\.?\s*", re.IGNORECASE)
# "Argentina: yes", "Ms Bee - against"
_ROW_SIDE = _any(_HEADED)
ROW = re.compile(
    rf"(?:\s*(?P<sign>[:,=–—|]|\s-(?=\s))\s*|\s+)(?:(?:votes?|voted)\s+)?[\"“]?(?P<side>{_ROW_SIDE})[\"”]?\s*"
    r"(?P<end>[.;,|]|$|and\s)",
    re.IGNORECASE,
)
# Sides that a word of running text may be, too.
BARE_SIDE = re.compile(r"for|no|yes|approve|against|in\s+favou?r|absent", re.IGNORECASE)
# What ends a list, and does not make its last name the subject of something else.
LIST_END = re.compile(
    r"\s*(?:$|[.;)\]|—–]|,(?=\s*(?:$|[a-z]))|\(|(?:and|plus)\s+(?:\w+\s+){0,2}others?\b|"
    r"(?:and|while|but)\s|in\s+(?:voting|abstaining|opposing|favou?r))"
)
