"""What was counted while labelling, and how it is told."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Self

from stancekit.codebook import Codebook
from stancekit.labelling.row_format import RowChoice
from stancekit.models.encoder.likeness import USUALLY_FAR
from stancekit.text.language import MOST_WITHOUT


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted while labelling.

    Attributes
    ----------
    sentences
        Sentences read, titles not among them.
    acting
        Those with an actor.
    crowded
        Those with so many actors that these are not read for their positions towards each other.
    labelled
        Those with an actor and a target.
    pairs
        Pairs of actor and target in them.
    n_rows, positions
        Rows that are kept and relied on, and those of them in which the actor takes a position
        towards the target.
    unnamed
        Positions towards a target that was asked about everywhere, and that the sentence does not name.
    declined
        Rows that a person should judge.
    unlikely
        Pairs whose most likely code is a position, which is too unlikely to be written.
    compared, far, foreign
        Sentences that were compared with those a model learned from, those of them that are unlike
        these, and those that do not read like English.
    """

    sentences: int = 0
    acting: int = 0
    crowded: int = 0
    labelled: int = 0
    pairs: int = 0
    n_rows: int = 0
    positions: int = 0
    unnamed: int = 0
    declined: int = 0
    unlikely: int = 0
    compared: int = 0
    far: int = 0
    foreign: int = 0

    def __add__(self, other: Self) -> "Tally":
        mine, others = asdict(self), asdict(other)
        return Tally(**{key: mine[key] + others[key] for key in mine})

    @property
    def unlike(self) -> str:
        """Say that the text is unlike what the model learned from, check C16; empty where it is not.

        Examples
        --------
        >>> Tally(compared=20, far=1).unlike
        ''
        >>> print(Tally(compared=20, far=9).unlike)  # doctest: +ELLIPSIS
        C16 unlike text: 9 of 20 sentences are unlike those that the model learned from, where 5 % are usual. ...
        >>> print(Tally(compared=20, foreign=20).unlike)  # doctest: +ELLIPSIS
        C16 unlike text: 20 of 20 sentences do not read like English, the only language of the model's encoder. ...
        """
        # A single one may be a list of names.
        if self.foreign > max(1, MOST_WITHOUT * self.compared):
            return (
                f"C16 unlike text: {self.foreign:,} of {self.compared:,} sentences do not read like English, the only "
                "language of the model's encoder. To do: translate them; or train on text in their language, with an "
                "encoder that reads it (model=transformer model.checkpoint=NAME)"
            )
        # More than chance explains: beyond two standard errors, and a tenth of the sentences.
        expected = USUALLY_FAR * self.compared
        spread = (expected * (1 - USUALLY_FAR)) ** 0.5
        if self.far > max(expected + 2 * spread, self.compared / 10):
            return (
                f"C16 unlike text: {self.far:,} of {self.compared:,} sentences are unlike those that the model learned "
                f"from, where {100 * USUALLY_FAR:.0f} % are usual. To do: judge a sample of the labels before you rely "
                "on them (stancekit sample), and train on text of this kind (model=box_head)"
            )
        return ""

    def describe(self, codebooks: Iterable[Codebook], rows: RowChoice = "all") -> str:
        """Say in one line what became of the sentences, and of pairs without a position where rows are `positions`.

        Examples
        --------
        >>> from stancekit.codebook import load_codebook
        >>> stance, frames = load_codebook("stance"), load_codebook("diplomacy")
        >>> print(Tally(12, acting=8, labelled=7, pairs=9, n_rows=9, positions=6).describe([stance]))
        12 sentences: 8 with an actor, 1 of them without a target; 6 positions, 3 rows with no position on the target
        >>> print(Tally(12, acting=7, labelled=7, pairs=9, n_rows=6, positions=6).describe([stance], "positions"))
        12 sentences: 7 with an actor; 6 positions, 3 pairs with no position on the target left out (in rows=all)
        >>> some = Tally(9, acting=7, labelled=7, pairs=9, n_rows=4, positions=4, unlikely=2)
        >>> print(some.describe([stance], "positions").partition("; ")[2])
        4 positions, 2 that are unlikely and 3 pairs with no position on the target left out (in rows=all)
        >>> given = Tally(9, acting=7, labelled=7, pairs=9, n_rows=9, positions=4, unnamed=3)
        >>> print(given.describe([stance]).partition("; ")[2])
        4 positions (3 towards a target that the sentence does not name), 5 rows with no position on the target
        >>> print(Tally(12, n_rows=12).describe([frames]))
        12 sentences; 12 rows
        """
        books = list(codebooks)
        # Only what the codebooks can say: without positions none are counted.
        parts = [f"{self.sentences:,} sentences"]
        if any(codebook.unit == "example" for codebook in books):
            parts.append(f": {self.acting:,} with an actor")
        if aimless := self.acting - self.labelled:
            parts.append(f", {aimless:,} of them without a target")
        if self.crowded:
            parts.append(f", {self.crowded:,} with so many that they are no targets of each other")
        if not any(codebook.towards for codebook in books):
            return f"{''.join(parts)}; {self.n_rows:,} rows"
        where = "towards a target that the sentence does not name"
        unnamed = f" ({self.unnamed:,} {where})" if self.unnamed else ""
        parts.append(f"; {self.positions:,} positions{unnamed}, ")
        # What is declined are pairs, as some codebook codes these.
        empty = self.pairs - self.declined - self.positions - self.unlikely
        what = "with no position on the target"
        if rows == "all":
            parts.append(f"{empty:,} rows {what}")
        else:
            unlikely = f"{self.unlikely:,} that are unlikely and " if self.unlikely else ""
            parts.append(f"{unlikely}{empty:,} pairs {what} left out (in rows=all)")
        # Where a model codes sentences, those without another row have one each.
        if alone := self.n_rows - self.positions - (empty if rows == "all" else 0):
            parts.append(f", {alone:,} of sentences alone")
        return "".join(parts)
