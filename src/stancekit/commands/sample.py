"""`stancekit sample`: which labelled rows to judge by hand, with the probability of each."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stancekit.corpus.labels import COLUMNS, Row, codes_of, read_labels, scores, with_period
from stancekit.errors import KitError
from stancekit.evaluation.drawing import draw, probabilities
from stancekit.files import write_json, write_text

KEPT = ("id", "article", "sentence", "actor", "target")


def sample(
    *,
    labels: str | Path,
    n: int = 300,
    how: str = "random",
    what: str = "stance",
    by: Sequence[str] = (),
    output: str | Path = "sample.csv",
    random_state: int = 0,
) -> list[Row]:
    """Draw rows to be judged by hand, and write them without the model's labels, which would sway the judge.

    Parameters
    ----------
    labels
        What `stancekit label` wrote: a file, or a folder of files.
    how
        `random`; `stratified`: as many of every value of `by`; `uncertain`: more where the model is unsure.
    output
        A `.csv` or `.jsonl` file to fill in, or `.json` for tasks of Label Studio. Its column `probability` is what
        makes estimates from it unbiased: leave it as it is.

    Returns
    -------
    list of dict
        The rows drawn, in the order of the labels.
    """
    path = Path(output)
    if path.suffix not in (".csv", ".jsonl", ".json"):
        raise KitError(f"cannot write {output}: samples go to a .csv, a .jsonl or, for Label Studio, a .json file")
    rows = with_period(read_labels(labels))
    codes = codes_of(rows, what)
    if how == "stratified" and not by:
        raise KitError("how=stratified needs what to stratify by; add by=[actor]")
    strata = ["\t".join(str(row.get(key)) for key in by) for row in rows]
    chance = probabilities(strata, scores(rows, what, codes), n, how=how)
    drawn = [
        {key: rows[at].get(key) for key in (*KEPT, *(one for one in by if one not in KEPT))}
        | {"probability": round(float(chance[at]), 9), COLUMNS[what][0]: ""}
        for at in draw(chance, strata, random_state=random_state).tolist()
    ]
    _write(path, drawn, codes, what)
    several = ", several divided by ;, - where there is none" if what == "frames" else ""
    print(f"{len(drawn)} of {len(rows)} rows drawn ({how}), to be judged in {path}")
    print(f"fill in {COLUMNS[what][0]} with one of: {', '.join(codes)}{several}")
    return drawn


def _write(path: Path, drawn: Sequence[Row], codes: Sequence[str], what: str) -> None:
    if path.suffix == ".json":
        write_json(path, [{"data": {**row, "codes": list(codes)}} for row in drawn])
        write_text(path.with_suffix(".xml"), _interface(codes, what))
    elif path.suffix == ".jsonl":
        write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in drawn))
    else:
        text = io.StringIO()
        writer = csv.DictWriter(text, list(drawn[0]) if drawn else [*KEPT, "probability"], lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in row.items()} for row in drawn)
        write_text(path, text.getvalue())


def _cell(value: Any) -> Any:
    # A spreadsheet would run a text that begins like a formula.
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t")) else value


def _interface(codes: Sequence[str], what: str) -> str:
    """Return the labelling interface of Label Studio for these codes."""
    choice = "multiple" if what == "frames" else "single"
    choices = "\n".join(f'    <Choice value="{code}"/>' for code in codes)
    return f"""<View>
  <Header value="$actor towards $target"/>
  <Text name="sentence" value="$sentence"/>
  <Choices name="{COLUMNS[what][0]}" toName="sentence" choice="{choice}">
{choices}
  </Choices>
</View>
"""
