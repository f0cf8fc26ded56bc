"""`stancekit sample`: which labelled rows to judge by hand, with the probability of each."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np

from stancekit.errors import KitError, listing, printable
from stancekit.fileio import write_json, write_jsonl, write_text
from stancekit.labelling.annotated import aside, labelled
from stancekit.labelling.gold import NO_CODE, batch_of, gold_codes, guarded, read_gold, unguarded
from stancekit.labelling.labels import CODEBOOK_COLUMNS, LabelRow, row_id, score_table, value_of
from stancekit.prevalence.sampling import draw_sample, inclusion_probabilities
from stancekit.types import as_list

KEPT = ("id", "article", "sentence", "actor", "target")


def sample(
    *,
    labels: str | Path,
    n: int = 300,
    how: str = "random",
    what: str = "stance",
    by: str | Sequence[str] = (),
    extend: str | Path | Sequence[str | Path] = (),
    date_format: str | None = None,
    output: str | Path = "sample.csv",
    random_state: int = 0,
) -> list[LabelRow]:
    """Draw rows to be judged by hand, and write them without the model's labels, which would sway the judge.

    Parameters
    ----------
    labels
        What `stancekit label` wrote: a file, or a folder of files.
    n
        How many rows to draw.
    how
        `random`; `stratified`: as many of every value of `by`; `uncertain`: more where the model is
        unsure.
    what
        The labels to annotate: `stance` or `frames`.
    by
        Columns of the labels, as `[actor]`; they are written too, for whoever reads the sample.
    extend
        Samples that were drawn before: n rows are drawn from the others, and estimates take all
        these files together.
    date_format
        As of `stancekit estimate`.
    random_state
        The seed of the draw.
    output
        A `.csv` or `.jsonl` file to fill in, or `.json` for tasks of Label Studio. Its columns
        `probability` and `batch` are what makes estimates from it unbiased: leave them as they are.

    Returns
    -------
    list of dict
        The rows drawn, in random order: whoever judges them from the top and stops has judged a
        random part.

    Raises
    ------
    KitError
        When the output holds judged rows, or what is asked for cannot be drawn.
    """
    path, by = Path(output), as_list(by)
    if path.suffix not in (".csv", ".jsonl", ".json"):
        raise KitError(
            f"cannot write {output}: samples go to a .csv, a .jsonl or, for Label Studio, a .json file"
        )
    earlier = [Path(one) for one in as_list(extend)]
    if path in earlier:
        raise KitError(
            f"output={output} is a sample to extend; write the further rows to another file, as more.csv"
        )
    _spare(path)
    rows, codes = labelled(labels, what, by, date_format=date_format)
    if how == "stratified" and not by:
        raise KitError("how=stratified needs what to stratify by; add by=[actor]")
    before, batch = _drawn_before(earlier, rows)
    pool = np.flatnonzero(~before)
    if not len(pool):
        raise KitError(
            f"all {len(rows)} rows were drawn before; there is nothing to extend the sample with"
        )
    strata = ["\t".join(value_of(rows[at], key) for key in by) for at in pool]
    chance = inclusion_probabilities(
        strata, score_table([rows[at] for at in pool], what, codes), n, how=how
    )
    columns = (*KEPT, *(one for one in by if one not in KEPT))
    drawn = [
        {key: rows[pool[at]].get(key) for key in columns}
        | {"probability": round(float(chance[at]), 9)}
        | ({"batch": batch} if batch > 1 else {})
        | {CODEBOOK_COLUMNS[what][0]: ""}
        for at in _shuffled(draw_sample(chance, strata, random_state=random_state), random_state)
    ]
    _write_sample(path, drawn, codes, what)
    several = f", several divided by ;, {NO_CODE} where there is none" if what == "frames" else ""
    told = f"{len(drawn)} of {len(pool)} rows{' not drawn before' if before.any() else ''} drawn ({how})"
    print(printable(f"{told}, to be judged in {path} from the top"))
    print(
        printable(f"fill in {CODEBOOK_COLUMNS[what][0]} with one of: {', '.join(codes)}{several}")
    )
    if before.any():
        every = ",".join([*as_list(extend), str(output)])
        print(
            printable(f"then take all files together: stancekit estimate {labels} gold='[{every}]'")
        )
    for note in aside(labels):
        print(printable(f"note: {note}"))
    return drawn


def _spare(path: Path) -> None:
    """See to it that nobody's judgements are lost."""
    if not path.exists():
        return
    try:
        rows = read_gold(path)
        done = sum(
            any(gold_codes(row, what) is not None for what in CODEBOOK_COLUMNS) for row in rows
        )
    except KitError as error:
        raise KitError(
            f"{path} is there and is no sample ({error}); choose another file with output="
        ) from None
    if done:
        raise KitError(
            f"{path} has {done} judged rows, which would be lost; choose another file with output=, and to draw more "
            f"rows beside these add extend={path}"
        )


def _drawn_before(files: Sequence[Path], rows: Sequence[LabelRow]) -> tuple[np.ndarray, int]:
    """Return which rows samples hold already, and the number of the next batch."""
    at = {row_id(row): number for number, row in enumerate(rows)}
    before, batches = np.zeros(len(rows), dtype=bool), [0]
    for file in files:
        found = read_gold(file)
        places = [at.get(row_id(row), at.get(unguarded(row_id(row)))) for row in found]
        if lost := [row_id(row) for row, place in zip(found, places, strict=True) if place is None]:
            raise KitError(
                f"{file} has {len(lost)} ids that are not in the labels ({listing(lost)}); extend samples of these"
            )
        before[np.array(places, dtype=np.int64)] = True
        batches += {batch_of(row) for row in found}
    numbers = sorted(batches)
    if numbers != list(range(len(numbers))):
        raise KitError(
            f"extend names batches {listing(numbers[1:])}; it takes a sample and all that extended it, one of each, as "
            "in extend='[sample.csv,more.csv]'"
        )
    return before, len(numbers)


def _shuffled(drawn: np.ndarray, random_state: int) -> list[int]:
    # A stream of its own, so that which rows are drawn does not hang on their order.
    order: list[int] = np.random.default_rng([random_state, 1]).permutation(drawn).tolist()
    return order


def _write_sample(path: Path, drawn: Sequence[LabelRow], codes: Sequence[str], what: str) -> None:
    column = CODEBOOK_COLUMNS[what][0]
    if path.suffix == ".json":
        # An empty answer among the data would overwrite the annotator's in some of Label Studio's
        # exports.
        tasks = [{key: value for key, value in row.items() if key != column} for row in drawn]
        write_json(path, [{"data": {**row, "codes": list(codes)}} for row in tasks])
        write_text(path.with_suffix(".xml"), _interface(codes, what))
    elif path.suffix == ".jsonl":
        write_jsonl(path, drawn)
    else:
        text = io.StringIO()
        writer = csv.DictWriter(
            text, list(drawn[0]) if drawn else [*KEPT, "probability"], lineterminator="\n"
        )
        writer.writeheader()
        writer.writerows({key: guarded(value) for key, value in row.items()} for row in drawn)
        write_text(path, text.getvalue())


def _interface(codes: Sequence[str], what: str) -> str:
    """Return the labelling interface of Label Studio for these codes; an answer is required, "none of these" is one."""
    several = what == "frames"
    choices = [f"    <Choice value={quoteattr(code)}/>" for code in codes]
    if several:
        choices.append(f'    <Choice value="none of these" alias="{NO_CODE}"/>')
    listed = "\n".join(choices)
    return f"""<View>
  <Header value="$actor towards $target"/>
  <Text name="sentence" value="$sentence"/>
  <Choices name="{CODEBOOK_COLUMNS[what][0]}" toName="sentence" choice="{"multiple" if several else "single"}" required="true">
{listed}
  </Choices>
</View>
"""
