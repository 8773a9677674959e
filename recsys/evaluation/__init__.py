"""Does it help: offline measurement by the protocol of the docs."""

from recsys.evaluation.machine import peak_rss_mb, versions
from recsys.evaluation.runner import Evaluation, EvaluationOptions, evaluate, measure
from recsys.evaluation.targets import Targets, targets

__all__ = [
    "Evaluation",
    "EvaluationOptions",
    "Targets",
    "evaluate",
    "measure",
    "peak_rss_mb",
    "targets",
    "versions",
]
