"""Rules over ranked candidates: filters, caps, and reasons in words."""

from recsys.ranking.caps import Cap, CapTable, apply_caps
from recsys.ranking.filters.columns import ColumnSource, TypedColumns
from recsys.ranking.filters.expression import OPERATORS, parse_expression
from recsys.ranking.filters.filter import Filter, Where, parse_filter
from recsys.ranking.filters.typed_column import IncomparableError
from recsys.ranking.reasons import TEMPLATES, Reason, ReasonNames, Wording, word_reasons

__all__ = [
    "OPERATORS",
    "TEMPLATES",
    "Cap",
    "CapTable",
    "ColumnSource",
    "Filter",
    "IncomparableError",
    "Reason",
    "ReasonNames",
    "TypedColumns",
    "Where",
    "Wording",
    "apply_caps",
    "parse_expression",
    "parse_filter",
    "word_reasons",
]
