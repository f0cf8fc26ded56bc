"""Many matrices of 2 x 2 at once: of shifts for and against."""

import numpy as np

from stancekit.types import FloatArray, IndexArray


def totals(values: FloatArray, index: IndexArray, size: int) -> FloatArray:
    """Add up the rows of `values` that have the same index, shape (size, ...)."""
    sums = np.zeros((size, *values.shape[1:]))
    np.add.at(sums, index, values)
    return sums


def inverse(matrices: FloatArray) -> FloatArray:
    """Return the inverse of 2 x 2 matrices, shape (..., 2, 2)."""
    a, b, c, d = (matrices[..., row, column] for row in (0, 1) for column in (0, 1))
    turned = np.stack([np.stack([d, -b], -1), np.stack([-c, a], -1)], -2)
    return np.asarray(turned / (a * d - b * c)[..., None, None])


def roots(covariances: FloatArray) -> FloatArray:
    """Return lower triangular roots of 2 x 2 covariances, also of singular ones, shape (..., 2, 2)."""
    roots = np.zeros_like(covariances)
    first = np.sqrt(np.maximum(covariances[..., 0, 0], 0))
    roots[..., 0, 0] = first
    roots[..., 1, 0] = np.where(first > 0, covariances[..., 1, 0] / np.maximum(first, 1e-12), 0)
    left = covariances[..., 1, 1] - roots[..., 1, 0] ** 2
    roots[..., 1, 1] = np.sqrt(np.maximum(left, 0))
    return roots


def times(matrices: FloatArray, vectors: FloatArray) -> FloatArray:
    """Multiply matrices (..., 2, 2) with vectors (..., 2)."""
    # Spelled out: of so small matrices a product takes several times as long.
    first, second = vectors[..., 0], vectors[..., 1]
    rows = [matrices[..., row, 0] * first + matrices[..., row, 1] * second for row in (0, 1)]
    return np.stack(rows, axis=-1)


def left_over(bend: FloatArray, spread: FloatArray) -> FloatArray:
    """Return the covariance that is left of a normal shift once a likelihood of that bend is known."""
    return inverse(np.eye(2) + spread @ bend) @ spread


def positive_part(matrices: FloatArray) -> FloatArray:
    """Return the nearest covariances: symmetric matrices that are not below zero in any direction."""
    values, vectors = np.linalg.eigh((matrices + np.swapaxes(matrices, -1, -2)) / 2)
    scaled = vectors * np.maximum(values, 0)[..., None, :]
    return np.asarray(scaled @ np.swapaxes(vectors, -1, -2))
