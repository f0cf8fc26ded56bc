"""Is a text like what an encoder learned from: written when it is packed, and asked when it labels."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from stancekit.fileio import replacing_file

# Where the examples that an encoder learned from are in its space.
LEARNED_FILE = "learned.safetensors"
# The share of an encoder's own validation examples that are far from those it learned from, which
# sets how far that is.
USUALLY_FAR = 0.05


def nearness(pooled: NDArray[np.float32], centres: NDArray[Any]) -> NDArray[np.float32]:
    """Return the cosine of each mean over all tokens and the centre nearest to it, shape (examples,)."""
    whole = pooled[:, : centres.shape[1]]
    whole = whole / np.linalg.norm(whole, axis=1, keepdims=True)
    nearest: NDArray[np.float32] = (whole @ centres.T.astype(np.float32)).max(axis=1)
    return nearest


def write_learned(
    folder: Path, learned: NDArray[np.float32], held_out: NDArray[np.float32], width: int
) -> None:
    """Write where the examples are that an encoder learned from, and how far others usually are.

    That is the centres of 256 clusters of training examples (k-means of their means over all tokens,
    each of length 1), and the cosine to the nearest of them that 5 % of validation examples stay
    below.

    Parameters
    ----------
    learned, held_out
        What the encoder makes of training and of validation examples, shape (examples, 3 x width).
    """
    from sklearn.cluster import MiniBatchKMeans

    whole = learned[:, :width]
    whole = whole / np.linalg.norm(whole, axis=1, keepdims=True)
    clusters = MiniBatchKMeans(min(256, len(whole)), random_state=0, n_init=1).fit(whole)
    centres = clusters.cluster_centers_
    # As exact as cosines need to be, in half the space.
    centres = (centres / np.linalg.norm(centres, axis=1, keepdims=True)).astype(np.float16)
    reach = np.quantile(nearness(held_out, centres), USUALLY_FAR).astype(np.float32)
    with replacing_file(folder / LEARNED_FILE) as temporary:
        save_file({"centres": centres, "reach": np.array([reach])}, temporary)
