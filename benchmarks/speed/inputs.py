"""The one input of the speed figures: vectors shaped like learnt factors, people like catalogs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
INTRINSIC, N_GROUPS, NORM_SPREAD, NOISE = 24, 200, 0.35, 0.1


def factors(n_rows: int, width: int, *, seed: int) -> Floats:
    """Return (n_rows, width) float32: taste groups near a space of 24 dimensions, norms log-normal.

    The groups and the space are the same for every seed, so that people (one seed) and items
    (another) belong together.
    """
    world = np.random.default_rng(0)
    centres = world.normal(size=(N_GROUPS, INTRINSIC)).astype(np.float32)
    basis = world.normal(size=(INTRINSIC, width)).astype(np.float32) / np.sqrt(INTRINSIC)
    rng = np.random.default_rng(seed)
    own = rng.normal(size=(n_rows, INTRINSIC)).astype(np.float32)
    near = 0.7 * (centres[rng.integers(N_GROUPS, size=n_rows)] + own) @ basis
    near += NOISE * rng.normal(size=near.shape)
    near *= rng.lognormal(0, NORM_SPREAD, size=(n_rows, 1))
    return np.ascontiguousarray(near, dtype=np.float32)
