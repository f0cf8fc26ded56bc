"""Label Studio's own files: tasks in JSON with what was chosen in each, and the interface for them.

Read in version 2.1.2 of its SDK, whose converter writes all of its exports.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from stancekit.corpus.judgements import NO_CODE_CELL
from stancekit.errors import KitError
from stancekit.fileio import read_text


def read_json_list(file: Path) -> list[Any]:
    """Return the list of a JSON file.

    Raises
    ------
    KitError
        When it is not JSON, or no list.
    """
    try:
        tasks = json.loads(read_text(file))
    except (ValueError, RecursionError) as error:
        raise KitError(f"{file} is not JSON ({error}); export it again as CSV or JSON") from None
    if not isinstance(tasks, list):
        raise KitError(f"{file} is not a list of tasks; export it again as CSV or JSON")
    return tasks


def are_tasks(tasks: Sequence[Any]) -> bool:
    """Say whether all values have their data apart, as in Label Studio's JSON but not in JSON-MIN."""
    return all(isinstance(task, dict) and isinstance(task.get("data"), dict) for task in tasks)


def submitted_annotations(task: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the annotations of a task that were submitted, not skipped."""
    return [
        annotation
        for annotation in task.get("annotations") or []
        if not annotation.get("was_cancelled")
    ]


def annotator_cell(annotation: Mapping[str, Any]) -> dict[str, str]:
    """Return who made an annotation, as the column `annotator`; nothing where it is not said.

    Examples
    --------
    >>> annotator_cell({"completed_by": {"id": 3, "email": "ana@example.org"}}), annotator_cell({})
    ({'annotator': 'ana@example.org'}, {})
    """
    who = annotation.get("completed_by")
    if isinstance(who, Mapping):
        who = who.get("email") or who.get("id")
    return {} if who is None else {"annotator": str(who)}


def read_choices(annotation: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what was chosen in an annotation, by the name of the question."""
    return {
        str(result.get("from_name")): list(result["value"]["choices"])
        for result in annotation.get("result") or []
        if result.get("type") == "choices"
    }


@dataclass(frozen=True, slots=True)
class Question:
    """A question of an interface: its name, the codes to choose from, and whether several may be."""

    name: str
    codes: Sequence[str]
    several: bool = False


def make_interface(
    questions: Sequence[Question], *, has_target: bool, extra: Sequence[str] = ()
) -> str:
    """Return the interface of Label Studio for questions; an answer is required, "none of these" is one.

    Parameters
    ----------
    has_target
        Whether the actor and the target of a row are shown.
    extra
        Further elements, in XML.

    Examples
    --------
    >>> print(make_interface([Question("tone", ["warm", "cold"])], has_target=False), end="")
    <View>
      <Text name="sentence" value="$sentence"/>
      <Choices name="tone" toName="sentence" choice="single" required="true">
        <Choice value="warm"/>
        <Choice value="cold"/>
      </Choices>
    </View>
    """
    lines = ["<View>"]
    if has_target:
        lines.append('  <Header value="$actor towards $target"/>')
    lines.append('  <Text name="sentence" value="$sentence"/>')
    for question in questions:
        lines.append(
            f'  <Choices name={quoteattr(question.name)} toName="sentence" '
            f'choice="{"multiple" if question.several else "single"}" required="true">'
        )
        lines += [f"    <Choice value={quoteattr(code)}/>" for code in question.codes]
        if question.several:
            lines.append(f'    <Choice value="none of these" alias="{NO_CODE_CELL}"/>')
        lines.append("  </Choices>")
    return "\n".join([*lines, *(f"  {element}" for element in extra), "</View>"]) + "\n"
