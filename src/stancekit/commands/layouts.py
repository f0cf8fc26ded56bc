"""The layout of texts as `label` is asked for it: a named one, with what the user sets differently."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hydra.utils import instantiate
from omegaconf import OmegaConf

from stancekit.labelling.layout import TextLayout
from stancekit.library.configs import check_name, compose_config
from stancekit.types import as_list


def choose_layout(
    layout: TextLayout | str,
    *,
    columns: Mapping[str, str | bool | None] | None = None,
    speaker: str | None = None,
    filename: str | None = None,
    fields: str | Sequence[str] | None = None,
) -> TextLayout:
    """Return a layout, or the one of that name, with other values where some are given.

    Raises
    ------
    KitError
        When there is no layout of that name, or a value is none that it can have.

    Examples
    --------
    >>> layout = choose_layout("ungdc", fields=["year"])
    >>> layout.speaker, layout.fields
    ('country', ('year',))
    """
    if isinstance(layout, TextLayout):
        chosen = layout
    else:
        config = compose_config("label", [f"layout={check_name('layout', layout)}"])
        chosen = instantiate(OmegaConf.to_container(config.layout), _convert_="all")
    # A role that is not known is an error even without a column.
    others = {
        role: chosen.columns.get(role) if column is None else column
        for role, column in (columns or {}).items()
    }
    return replace(
        chosen,
        columns={**chosen.columns, **others},
        speaker=speaker or chosen.speaker,
        filename=filename or chosen.filename,
        fields=tuple(chosen.fields) if fields is None else as_list(fields),
    )
