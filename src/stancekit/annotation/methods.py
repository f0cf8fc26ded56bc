"""What a paper says of its annotation: a paragraph on methods, and tables."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from stancekit.annotation.project import Project
from stancekit.annotation.records import Item
from stancekit.annotation.settings import ProjectSettings
from stancekit.annotation.study import ENDINGS, CodebookFacts, Study, study_project
from stancekit.annotation.tallies import CountOf
from stancekit.corpus.project_file import suggested_note
from stancekit.evaluation.agreement import BY_OVERLAP, ON_THE_SCALE, Agreement
from stancekit.formatting import format_score, markdown_text, table
from stancekit.reporting.latex import escape_latex, latex_table

# What a report begins with, by which it is known before it is written again.
MARKDOWN_MARK = "<!-- Written by stancekit judgements. -->"
LATEX_MARK = "% Written by stancekit judgements"
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_MEASURES = {
    ON_THE_SCALE: "ordinal on the scale",
    BY_OVERLAP: "with MASI distance between sets of codes",
}


@dataclass(frozen=True, slots=True)
class MethodsTable:
    """A table of the report, all cells as text."""

    label: str
    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Methods:
    """The report on a project: sentences of a paragraph, and tables."""

    sentences: Sequence[str]
    tables: Sequence[MethodsTable]

    def markdown(self) -> str:
        """Return the report as Markdown."""
        parts = [MARKDOWN_MARK, "## Annotation", markdown_text(" ".join(self.sentences))]
        for each in self.tables:
            parts += [f"**{markdown_text(each.caption)}**", table(each.head, each.rows)]
        return "\n\n".join(parts) + "\n"

    def latex(self) -> str:
        """Return the report as LaTeX, for booktabs."""
        parts = [f"{LATEX_MARK}; needs \\usepackage{{booktabs}}."]
        parts.append(escape_latex(" ".join(self.sentences)))
        for each in self.tables:
            columns = {
                head: [escape_latex(row[at]) for row in each.rows]
                for at, head in enumerate(each.head)
            }
            parts.append(latex_table(columns, caption=each.caption, label=each.label))
        return "\n\n".join(parts) + "\n"


def report_methods(project: Project, *, names: bool = False) -> Methods:
    """Return the report on a project.

    Parameters
    ----------
    names
        Whether annotators are named; by default they are A, B and so on, in the order in which they
        were added.

    Raises
    ------
    KitError
        When nobody has judged anything.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from stancekit.annotation.records import Judgement
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "study.db"
    >>> rows = [{"text": "Peru said no.", "actor": "Peru", "target": "whaling"}]
    >>> with Project.create(file, rows=rows, codebooks=["stance"], annotators=["ana"]) as project:
    ...     _ = project.save(Judgement(item=1, annotator="ana", codes={"stance": ("condemn",)}))
    ...     print(report_methods(project).sentences[0])
    One annotator judged 1 of 1 items by the codebook stance.
    """
    study = study_project(project)
    if not names:
        people = [replace(one, name=_letters(at)) for at, one in enumerate(study.people)]
        study = replace(study, people=people)
    return Methods(list(_sentences(study, project.settings)), list(_tables(study, project)))


def _letters(number: int) -> str:
    """Return A, B, …, Z, AA, AB and so on.

    Examples
    --------
    >>> [_letters(number) for number in (0, 25, 26)]
    ['A', 'Z', 'AA']
    """
    first, last = divmod(number, 26)
    return (_letters(first - 1) if first else "") + chr(ord("A") + last)


def _sentences(study: Study, settings: ProjectSettings) -> Iterator[str]:
    books = [facts.codebook.name for facts in study.codebooks]
    of_books = f"codebook{'s' * (len(books) > 1)} {_series(books)}"
    yield (
        f"{_counted(len(study.people), 'annotator').capitalize()} judged {len(study.judged)} of "
        f"{study.items} items by the {of_books}."
    )
    yield from _how_drawn(study.judged)
    yield from _who_judged(study, settings)
    yield from _what_was_seen(study)
    for facts in study.codebooks:
        yield from _how_far_agreed(facts)
    yield from _with_themselves(study)
    for facts in study.codebooks:
        yield _how_decided(facts)
    yield from _time(study)
    yield from _versions(study)


def _counted(n: int, noun: str) -> str:
    number = _NUMBERS[n] if n < len(_NUMBERS) else str(n)
    return f"{number} {noun}{'s' * (n != 1)}"


def _series(words: Sequence[str]) -> str:
    """Return words as prose lists them.

    Examples
    --------
    >>> _series(["a"]), _series(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _how_drawn(judged: Sequence[Item]) -> Iterator[str]:
    kinds = {kind: [item for item in judged if item.kind == kind] for kind in _KIND_WORDS}
    drawn = [item for item in judged if item.kind != "control"]
    known = [item.probability for item in drawn if item.probability is not None]
    if known and len(known) == len(drawn):
        low, high = min(known), max(known)
        each = f"{low:.3g}" if low == high else f"between {low:.3g} and {high:.3g}"
        batches = len({item.batch for item in drawn})
        several = f", in {_counted(batches, 'batch').replace('batchs', 'batches')}"
        yield (
            f"They were drawn at random with known probabilities ({each})"
            f"{several if batches > 1 else ''}."
        )
    elif drawn:
        few = f"{len(drawn) - len(known)} of them" if known else "They"
        yield (
            f"{few} were not drawn with known probabilities, so that shares of codes among them are "
            "no estimates for a larger corpus."
        )
    for kind, words in _KIND_WORDS.items():
        if kind != "sampled" and kinds[kind]:
            yield f"{len(kinds[kind])} of the items {words}."


_KIND_WORDS = {
    "sampled": "",
    "calibration": "are a calibration block that all annotators judged first",
    "control": "are controls, whose codes were known and which nobody could tell from others",
}


def _who_judged(study: Study, settings: ProjectSettings) -> Iterator[str]:
    drawn = sum(item.kind != "control" for item in study.judged)
    if len(study.people) > 1:
        yield (
            f"{study.by_several} items ({CountOf(study.by_several, drawn).percent}) were judged by two "
            "annotators or more, without seeing each other's codes; the order was drawn for each."
        )
    if settings.repeats:
        yield f"{100 * settings.repeats:.3g} % of the items came a second time, unannounced."


def _what_was_seen(study: Study) -> Iterator[str]:
    n, changed = len(study.judgements), study.changed
    before = sum(each.suggestion == "before" for each in study.judgements)
    if not before and not changed.n:
        yield "No annotator saw a model's codes."
    if note := suggested_note(before, n, "the project"):
        yield f"{note}."
    if changed.n:
        yield (
            f"After {changed.n} of {n} judgements a model's code was shown, and {changed.count} were "
            "then changed; agreement is that of the codes before."
        )


def _how_far_agreed(facts: CodebookFacts) -> Iterator[str]:
    name, agreement = facts.codebook.name, facts.agreement
    if agreement is None:
        yield f"No two annotators judged the same drawn item by {name}, so that agreement is not known."
    else:
        unit = "sentence" if facts.codebook.unit == "sentence" else "item"
        yield (
            f"Before adjudication, agreement on {name} was Krippendorff's alpha "
            f"{_alphas(agreement)} (95 % intervals by bootstrap over articles; "
            f"{_counted(agreement.n, unit)} judged by two or more)."
        )
    if facts.on_calibration is not None:
        first = facts.on_calibration
        yield f"On the calibration block it was {format_score(first.scores[0])} ({first.n} items)."


def _alphas(agreement: Agreement) -> str:
    whole, *rest = agreement.scores
    others = [
        f"{format_score(score)} {_MEASURES[score.slice]}"
        for score in rest
        if score.slice in _MEASURES
    ]
    return _series([format_score(whole), *others])


def _with_themselves(study: Study) -> Iterator[str]:
    for name in (facts.codebook.name for facts in study.codebooks):
        same = _summed([one.same[name] for one in study.people])
        right = _summed([one.right[name] for one in study.people])
        if same.n:
            yield (
                f"In {same.count} of {same.n} hidden repetitions ({same.percent}) the codes of {name} "
                "were the same."
            )
        if right.n:
            yield (
                f"On controls, {right.count} of {right.n} judgements ({right.percent}) had the known "
                f"codes of {name}."
            )


def _summed(shares: Sequence[CountOf]) -> CountOf:
    return CountOf(sum(each.count for each in shares), sum(each.n for each in shares))


def _how_decided(facts: CodebookFacts) -> str:
    words = {"majority": "by majority", "one annotator": "of one annotator alone"}
    parts = [
        f"{facts.endings[ending]} {words.get(ending, ending)}"
        for ending in ENDINGS
        if facts.endings[ending]
    ]
    return f"Final codes of {facts.codebook.name}: {_series(parts) or 'none yet'}."


def _time(study: Study) -> Iterator[str]:
    from statistics import median

    seconds = [each.seconds for each in study.judgements if each.seconds is not None]
    if seconds:
        hours = sum(seconds) / 3600
        whole = f"{hours:.1f} hours" if hours >= 1 else f"{60 * hours:.0f} minutes"
        yield (
            f"A judgement took a median of {median(seconds):.3g} seconds; all of them took {whole}."
        )
    for missed in study.missed:
        if missed.share.count:
            yield (
                f"In {_counted(missed.share.count, 'item')} ({missed.share.percent}) an annotator "
                f"stated: {missed.finding}."
            )


def _versions(study: Study) -> Iterator[str]:
    for facts in study.codebooks:
        *earlier, last = facts.versions or [""]
        name = facts.codebook.name
        if earlier:
            n = sum(facts.versions[version] for version in earlier)
            yield (
                f"{n} of {sum(facts.versions.values())} judgements by {name} were made by an "
                f"earlier version of it than {last}."
            )
        elif last:
            yield f"The version of {name} is {last}."


def _tables(study: Study, project: Project) -> Iterator[MethodsTable]:
    yield _people_table(study)
    for facts in study.codebooks:
        yield _codes_table(facts)
    names = [facts.codebook.name for facts in study.codebooks]
    rows = [
        [name, *(str(facts.endings[ending]) for ending in ENDINGS)]
        for name, facts in zip(names, study.codebooks, strict=True)
    ]
    yield MethodsTable(
        "annotation-endings", "How the final codes came about", ["codebook", *ENDINGS], rows
    )
    current = project.hashes
    versions = [
        [name, version or "not known", "yes" if current[name] == version else "no", str(n)]
        for name, facts in zip(names, study.codebooks, strict=True)
        for version, n in facts.versions.items()
    ]
    yield MethodsTable(
        "annotation-versions",
        "Versions of the codebooks, by the hash of their content",
        ["codebook", "version", "latest", "judgements"],
        versions,
    )


def _people_table(study: Study) -> MethodsTable:
    books = [facts.codebook.name for facts in study.codebooks]
    rows = [
        [
            one.name,
            str(one.done),
            str(one.unsure),
            str(one.notes),
            "–" if one.seconds is None else f"{one.seconds:.3g}",
            *(_of_share(shares[name]) for name in books for shares in (one.same, one.right)),
        ]
        for one in study.people
    ]
    head = ["annotator", "items", "unsure", "notes", "median seconds"]
    head += [f"{name} {what}" for name in books for what in ("same again", "on controls")]
    return MethodsTable(
        "annotation-people",
        "What each annotator judged; second times with the same codes, and controls with the known ones",
        head,
        rows,
    )


def _of_share(share: CountOf) -> str:
    return f"{share.count} of {share.n}" if share.n else "–"


def _codes_table(facts: CodebookFacts) -> MethodsTable:
    name = facts.codebook.name
    scores = {score.slice: score for score in facts.agreement.scores} if facts.agreement else {}
    wholes = [key for key in scores if key not in facts.codebook.names]
    rows = []
    for key in (*wholes, *facts.codebook.names):
        score = scores.get(key)
        given = facts.given[key] if key in facts.codebook.names else sum(facts.given.values())
        rows.append([key, format_score(score), str(score.n) if score else "0", str(given)])
    if facts.codebook.multi_label:
        rows.append(["none of them", "–", "–", str(facts.given[""])])
    return MethodsTable(
        f"annotation-{name}",
        f"Agreement on {name} before adjudication: Krippendorff's alpha with 95 % intervals by article, "
        "n units judged by two or more, and how often each code was given",
        ["codes", "alpha", "n", "given"],
        rows,
    )
