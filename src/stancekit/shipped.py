"""The one door to the material that ships with the kit: configs, data and seeds."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_ROOTS = (_PACKAGE / "material", _PACKAGE.parents[1])


def shipped(*parts: str) -> Path:
    """Return the path of shipped material, from an installed wheel or a checkout.

    Examples
    --------
    >>> shipped("configs", "codebook", "stance.yaml").name
    'stance.yaml'
    """
    for root in _ROOTS:
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError(f"{'/'.join(parts)} is not part of this installation of stancekit; reinstall it")
