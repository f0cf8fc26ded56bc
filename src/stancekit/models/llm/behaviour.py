"""Does a model follow the codebook? Two tests that need no gold (Halterman and Keith 2025, Political Analysis).

A model that follows definitions gives a code to the definition of this code, and gives the other code
where the definitions of two are exchanged.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from stancekit.codebook import Code, Codebook
from stancekit.models.llm.prompts import Task, Wording, tasks_of
from stancekit.types import Example

REPEATS, OBEYS = "repeats definitions", "obeys exchanged definitions"


@dataclass(frozen=True, slots=True)
class Trial:
    """A text that is put to a model, and the option that is right by the definitions that it was shown.

    Attributes
    ----------
    test
        `REPEATS` or `OBEYS`.
    """

    test: str
    task: Task
    example: Example
    right: int


def make_trials(codebook: Codebook) -> Iterator[Trial]:
    """Yield the trials of a codebook: each definition as a text, as it is and with the next code's in its place.

    In the second, a code bears the definition of the next one, and the text is that definition: the
    code it is shown with is right, whatever the code's name suggests. Examples and near misses, which
    would give the answer away or contradict it, are left out of both.

    Examples
    --------
    >>> from stancekit.codebook import make_codebook
    >>> book = make_codebook("tone", {"warm": {"definition": "Kind."}, "cold": {"definition": "Unkind."}})
    >>> [(trial.test, trial.example.text, trial.right) for trial in make_trials(book)][::2]
    [('repeats definitions', 'Kind.', 0), ('obeys exchanged definitions', 'Unkind.', 0)]
    """
    bare = [replace(code, positive=(), near_miss="") for code in codebook.codes]
    exchanged = [
        replace(code, definition=bare[(at + 1) % len(bare)].definition)
        for at, code in enumerate(bare)
    ]
    for test, codes in ((REPEATS, bare), (OBEYS, exchanged)):
        for at, task in enumerate(_tasks(codebook, codes)):
            text = codes[at].definition
            example = Example(f"{test}: {codes[at].name}", text)
            # Of several codes, the one in question applies to its own definition: the first option.
            yield Trial(test, task, example, 0 if codebook.multi_label else at)


def _tasks(codebook: Codebook, codes: list[Code]) -> list[Task]:
    """Return for each code the task in which its definition is put."""
    tasks = tasks_of(replace(codebook, codes=tuple(codes)))
    return tasks if codebook.multi_label else tasks * len(codes)


def wording_of(trial: Trial, wording: Wording) -> Wording:
    """Return a wording with the definitions of a trial in place of the codebook's, and no demonstrations."""
    return replace(wording, task=trial.task, demonstrations=())
