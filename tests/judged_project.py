"""A project that two people have judged, with texts that programs trip over."""

from dataclasses import replace

from stancekit.annotation.project import Project
from stancekit.annotation.records import Judgement

# What spreadsheets run, what ends lines and cells, and what is written from right to left.
HOSTILE = [
    '=HYPERLINK("http://evil.example","Click") said Peru of the levy.',
    "Peru, \"quoting\"; 'Chile'\tand\nBrazil\r\nrejects the levy.",
    "ترفض مصر الضريبة، وقالت: \u202eno\u202c.",
    '-1+1 | Peru <script>alert(1)</script> {"choices": ["condemn"]} opposes the levy.',
    "'=Peru rejects the levy, 100 % & \\n %s ${x}",
    "@Peru\u2028rejects the levy \N{PARTY POPPER}.",
]
ROWS = [
    {
        "id": identifier,
        "article": f"a{at // 2}",
        "sentence": text,
        "actor": "Peru",
        "target": "the levy",
        "probability": 0.25,
        "party": "=A",
    }
    for at, (identifier, text) in enumerate(
        zip(["r0", "=r1", "r2", "007", "r;4", "r5"], HOSTILE, strict=True)
    )
]
NOTE = '=1+1\n"so"; ملاحظة'


def judged_project(path, codebooks=("stance", "diplomacy")):
    """Return a project with judgements of every kind: none of the codes, not asked, unsure, repeated, decided."""
    project = Project.create(path, rows=ROWS, codebooks=codebooks, annotators=["ana", "بن"])
    project.add_annotator("lea", "lead")
    first = dict(seconds=3.25, at="2025-03-01T09:30:00.123+00:00")

    def judge(item, annotator, codes, **rest):
        given = {name: each for name, each in codes.items() if name in codebooks}
        if codes and not given:
            return
        project.save(Judgement(item=item, annotator=annotator, codes=given, **{**first, **rest}))

    judge(1, "ana", {"stance": ("condemn",), "diplomacy": ("peace", "legality")})
    judge(1, "بن", {"stance": ("none",), "diplomacy": ()}, unsure=True, note=NOTE)
    judge(2, "ana", {"stance": ("support",), "diplomacy": ()})
    judge(2, "ana", {"stance": ("condemn",), "diplomacy": ()}, suggestion="after")
    judge(3, "ana", {"stance": ("condemn",)})
    judge(4, "بن", {"stance": ("abstain",), "diplomacy": ("economy",)}, suggestion="before")
    judge(5, "ana", {"stance": ("condemn",), "diplomacy": ("economy",)})
    project.take_back(5, "ana")
    judge(6, "ana", {}, finding="actor missing", marked="=Brazil", seconds=None)
    judge(1, "ana", {"stance": ("none",), "diplomacy": ("peace",)}, repeat=1)
    judge(1, "lea", {"stance": ("condemn",), "diplomacy": ()}, action="adjudicate")
    book = project.codebooks[0]
    codes = [replace(code, definition=f"{code.definition} Again.") for code in book.codes]
    project.update_codebook(replace(book, codes=tuple(codes)))
    judge(3, "بن", {"stance": ("condemn",), "diplomacy": ()}, revised={"diplomacy": ("peace",)})
    return project
