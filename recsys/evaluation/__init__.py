"""Does it help: offline measurement by the protocol of the docs."""

from recsys.evaluation.latency import Latency, measure_latency
from recsys.evaluation.machine import peak_rss_mb, versions
from recsys.evaluation.rolling import RollingWindows, evaluate_rolling
from recsys.evaluation.runner import Evaluation, EvaluationOptions, Metric, evaluate, measure
from recsys.evaluation.speed import Speed, measure_recall, measure_speed
from recsys.evaluation.targets import Targets, targets

__all__ = [
    "Evaluation",
    "EvaluationOptions",
    "Latency",
    "Metric",
    "RollingWindows",
    "Speed",
    "Targets",
    "evaluate",
    "evaluate_rolling",
    "measure",
    "measure_latency",
    "measure_recall",
    "measure_speed",
    "peak_rss_mb",
    "targets",
    "versions",
]
