"""A reader of whatever the `datasets` library loads."""

from collections.abc import Iterator, Mapping
from typing import Any

from stancekit.corpus.base import Corpus
from stancekit.corpus.rows import Row
from stancekit.errors import KitError


class HubCorpus(Corpus):
    """A data set that the `datasets` library loads: a hub name, or a local folder.

    `parts` maps the set's splits to train, validation and test. Integer labels of a typed column are
    turned into the names the data set gives them.
    """

    def __init__(
        self,
        path: str,
        *,
        config: str | None = None,
        parts: Mapping[str, str] | None = None,
        revision: str | None = None,
        **rest: Any,
    ) -> None:
        super().__init__(path, **rest)
        self.config = config
        self.parts = parts or {}
        self.revision = revision

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Yield numbered rows over all splits."""
        import datasets

        try:
            found = datasets.load_dataset(str(self.path), self.config, revision=self.revision)
        except (FileNotFoundError, ConnectionError, ValueError, datasets.exceptions.DatasetsError) as error:
            raise KitError(
                f"cannot load {self.path!r} through datasets: {error}. Give corpus.path a hub name or "
                "a local folder of data files"
            ) from None
        number = 0
        for part, table in found.items():
            named = {key: kind.names for key, kind in table.features.items() if isinstance(kind, datasets.ClassLabel)}
            for row in table:
                number += 1
                for key, names in named.items():
                    row[key] = names[row[key]] if row[key] is not None and row[key] >= 0 else None
                yield number, {"split": self.parts.get(part, part), **row}
