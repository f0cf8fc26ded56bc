"""In how many bits products of matrices are made."""

import os

import torch

from stancekit.errors import KitError


def bf16() -> bool:
    """Say whether matrix products are made in bfloat16: where the processor has them, or as `STANCEKIT_BF16` says.

    Raises
    ------
    KitError
        When `STANCEKIT_BF16` is neither `0` nor `1`.
    """
    given = os.environ.get("STANCEKIT_BF16", "")
    if given not in ("", "0", "1"):
        raise KitError(f"STANCEKIT_BF16 is {given!r}; set it to 0 (32 bits) or 1 (bfloat16), or leave it unset")
    if given:
        return given == "1"
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return processor_has("avx512_bf16") or processor_has("amx_tile")


def processor_has(feature: str) -> bool:
    """Say whether torch finds a feature of the processor; a torch that cannot be asked is taken for a no."""
    ask = getattr(torch.cpu, f"_is_{feature}_supported", None)
    return bool(ask and ask())
