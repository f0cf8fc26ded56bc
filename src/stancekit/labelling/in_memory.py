"""Labels in memory: of one article, of a file or folder that is not large, or of a table."""

import logging
import sys
from collections.abc import Iterable

from tqdm import tqdm

from stancekit.errors import KitError, listing
from stancekit.labelling.input_text import InputText
from stancekit.labelling.labeller import LabellingJob
from stancekit.labelling.labels import Labels
from stancekit.labelling.models import check_columns
from stancekit.labelling.row_format import SET_ASIDE, LabelRow
from stancekit.labelling.sources import RejectedRow, TextSource, cut_parts
from stancekit.labelling.tally import Tally

log = logging.getLogger(__name__)

# Bytes of files whose labels are kept in memory: some 100,000 rows, which take about 200 MB.
MOST_BYTES = 20_000_000


def check_size(source: TextSource) -> None:
    """Raise a `KitError` where files are too large for labels in memory."""
    if source.size > MOST_BYTES:
        raise KitError(
            f"the files have {source.size / 1e6:,.0f} MB, and labels are kept in memory for up to "
            f"{MOST_BYTES / 1e6:.0f} MB; name a folder for them, as output=labels, which also goes "
            "on after an interruption"
        )


def label_in_memory(
    texts: Iterable[InputText | RejectedRow],
    job: LabellingJob,
    *,
    name: str = "table",
    strict: bool = False,
    verbose: bool = False,
) -> Labels:
    """Label texts; nothing is written. What cannot be read is left out, with a warning that says why.

    Parameters
    ----------
    name
        What the texts are called in messages.
    strict
        Whether what cannot be read is an error.
    verbose
        Whether a progress bar is shown, if there are several texts.

    Raises
    ------
    KitError
        When no text has a field that is to be kept; with `strict`, at the first that cannot be
        read.
    """
    check_columns(job.codebooks, job.fields)
    rejected: list[RejectedRow] = []

    def reject(row: RejectedRow) -> None:
        if strict:
            row.refuse()
        rejected.append(row)

    parts = list(cut_parts(texts, reject))
    n = sum(map(len, parts))
    if rejected:
        log.warning("%s: %d left out, not readable (%s)", name, len(rejected), listing(rejected))
    unseen = (
        set(job.fields) - {"date"} - {key for part in parts for text in part for key in text.kept}
    )
    if n and unseen:
        raise KitError(f"{name} has no field {listing(sorted(unseen))} of fields=; leave it out")
    labeller = job.labeller()
    rows: list[LabelRow] = []
    tally = Tally()
    with tqdm(total=n, desc="labelling", file=sys.stderr, disable=not verbose or n < 2) as bar:
        for part in parts:
            labelled = labeller(part)
            for row, declined in zip(labelled.rows, labelled.declined, strict=True):
                plain = row.to_dict()
                rows.append(plain if job.risk is None else plain | {SET_ASIDE: declined})
            tally += labelled.tally
            bar.update(len(part))
    return Labels(
        rows,
        job.labelled_codebooks,
        article=parts[0][0].article if n == 1 and not rejected else None,
        texts=n,
        rejected=len(rejected),
        tally=tally,
        extent=job.extent(tally.pairs),
    )
