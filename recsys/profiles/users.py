"""User profiles: tags inferred from consumed items, declared, pinned and muted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import Csr, DoubleArray, freeze_csr, with_data
from recsys.core.errors import DataError
from recsys.profiles.items import ItemProfiles
from recsys.profiles.profileconfig import ProfileConfig
from recsys.profiles.weighting import heaviest_of_rows, unit_rows

_USERS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True, eq=False)
class UserProfiles:
    """Tag weights of each person.

    Attributes
    ----------
    matrix : (n_users, n_tags) csr float32
        The profile: in (0, 1] where stored; 1 is a person's heaviest tag that is not pinned.
    inferred : (n_users, n_tags) csr float32
        Inferred from their history; rows of length 1, or less where tags were cut off.
    declared : (n_users, n_tags) csr float32
        Declared weights, as given.
    muted : (n_users, n_tags) csr float32
        1 where they muted a tag; such a tag is not in ``matrix``.
    pinned : (n_users, n_tags) csr float32
        Weights they set by hand, in (0, 1]; ``matrix`` has the same.
    """

    matrix: Csr
    inferred: Csr
    declared: Csr
    muted: Csr
    pinned: Csr

    @property
    def n_users(self) -> int:
        """Number of people."""
        return int(self.matrix.shape[0])

    @property
    def n_tags(self) -> int:
        """Number of tags; may be 0."""
        return int(self.matrix.shape[1])


def build_user_profiles(
    interactions: Csr,
    items: ItemProfiles,
    *,
    declared: Csr | None = None,
    negatives: Csr | None = None,
    muted: Csr | None = None,
    pinned: Csr | None = None,
) -> UserProfiles:
    r"""Build the profile of each person from the tags of consumed items and declared tags.

    .. math::

        s_u &= \max\Big(0, \sum_i c_{u,i} x_i - \eta \sum_i n_{u,i} x_i\Big) \\
        p_u &\propto \frac{C_u}{C_u + \kappa} \frac{s_u}{\lVert s_u \rVert}
            + \delta \frac{d_u}{\lVert d_u \rVert}

    with :math:`c_{u,i}` the confidence of an interaction, :math:`C_u` their sum, :math:`n_{u,i}`
    of a negative one, :math:`x_i` the item profiles, :math:`d_u` what was declared, weighted as an
    item with these tags would be, and :math:`\eta`, :math:`\kappa`, :math:`\delta` the settings
    ``negative_weight``, ``activity_prior`` and ``declared_weight``. So the profile of a newcomer is
    declared, and history takes over as it grows. Then the heaviest tag gets weight 1, pinned
    tags the weight they were given, and muted tags none.

    Parameters
    ----------
    interactions : (n_users, n_items) csr float32
        Confidence with decay, not negative.
    items : ItemProfiles
        Its config holds the settings.
    declared : (n_users, n_tags) csr float32 or None
        Weights of declared tags (:func:`match_declared`); None means nobody declared any.
    negatives : (n_users, n_items) csr or None
        Confidence of hidden, disliked and reported items; None means none.
    muted : (n_users, n_tags) csr or None
        Not 0 where muted; None means none. Muted wins over pinned.
    pinned : (n_users, n_tags) csr float32 or None
        Weights in (0, 1] set by hand; None means none.

    Raises
    ------
    DataError
        If a shape does not fit.

    Notes
    -----
    Sparse throughout; memory is bounded by ``tags_per_user`` per person.
    """
    n_users, n_tags = interactions.shape[0], items.n_tags
    by_item, by_tag = (n_users, items.n_items), (n_users, n_tags)
    interactions = _checked(interactions, by_item, "interactions")
    negatives = _checked(negatives, by_item, "negatives")
    declared = freeze_csr(_checked(declared, by_tag, "declared"))
    muted = freeze_csr((_checked(muted, by_tag, "muted") != 0).astype(np.float32))
    pinned = freeze_csr(_without(_checked(pinned, by_tag, "pinned"), muted))
    inferred = _inferred(interactions, negatives, items)
    blend = _blend(interactions, inferred, declared, items)
    free = _without(_without(blend, muted), pinned)
    matrix = _scaled(heaviest_of_rows(free, n=items.config.tags_per_user)) + pinned
    return UserProfiles(freeze_csr(matrix), freeze_csr(inferred), declared, muted, pinned)


def declared_profile(declared: Csr, items: ItemProfiles) -> Csr:
    """Return declared tags, weighted like the tags of an item.

    Parameters
    ----------
    declared : (n_users, n_tags) csr float32
        Weights of declared tags.
    items : ItemProfiles
        Gives the families' weights and the rarity of the tags.

    Returns
    -------
    (n_users, n_tags) csr float32
        Rows of length 1, or empty.
    """
    config, tags = items.config, items.tags
    loud = np.array([config.family_weight(family) for family in tags.families], dtype=np.float64)
    factors = loud * tags.idf if config.use_idf else loud
    return unit_rows(with_data(declared, declared.data * factors[declared.indices]))


def _inferred(interactions: Csr, negatives: Csr, items: ItemProfiles) -> Csr:
    blocks = []
    for start in range(0, interactions.shape[0], _USERS_AT_ONCE):
        some = slice(start, start + _USERS_AT_ONCE)
        taste = interactions[some] @ items.matrix
        if negatives.nnz:
            taste = taste - items.config.negative_weight * (negatives[some] @ items.matrix)
        taste = with_data(taste, np.maximum(taste.data, 0)).copy()
        taste.eliminate_zeros()
        blocks.append(heaviest_of_rows(unit_rows(taste), n=items.config.tags_per_user))
    if not blocks:
        return sp.csr_matrix((0, items.n_tags), dtype=np.float32)
    return sp.vstack(blocks, format="csr")


def _blend(interactions: Csr, inferred: Csr, declared: Csr, items: ItemProfiles) -> Csr:
    config: ProfileConfig = items.config
    mass = np.asarray(interactions.sum(axis=1), dtype=np.float64).ravel()
    said = declared_profile(declared, items) * np.float32(config.declared_weight)
    return _rows_times(inferred, mass / (mass + config.activity_prior)) + said


def _rows_times(matrix: Csr, factors: DoubleArray) -> Csr:
    return with_data(matrix, matrix.data * np.repeat(factors, np.diff(matrix.indptr)))


def _scaled(matrix: Csr) -> Csr:
    if not matrix.nnz:
        return matrix
    heaviest = matrix.max(axis=1).toarray().ravel().astype(np.float64)
    heaviest[heaviest == 0] = 1.0
    scaled = _rows_times(matrix, 1 / heaviest).copy()
    scaled.data = np.minimum(scaled.data, np.float32(1))
    scaled.eliminate_zeros()
    return scaled


def _without(matrix: Csr, other: Csr) -> Csr:
    kept = matrix - matrix.multiply(other != 0)
    kept = sp.csr_matrix(kept, dtype=np.float32)
    kept.eliminate_zeros()
    return kept


def _checked(matrix: Csr | None, shape: tuple[int, int], name: str) -> Csr:
    if matrix is None:
        return sp.csr_matrix(shape, dtype=np.float32)
    if matrix.shape != shape:
        raise DataError(f"{name} must have the shape {shape}; got {matrix.shape}.")
    return sp.csr_matrix(matrix, dtype=np.float32)
