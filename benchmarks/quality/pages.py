"""The part of ``docs/benchmarks.md`` that is made of ``results/quality.json``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

OURS = "recsys "
DEFAULT = "recsys balanced"
PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"

Row = Mapping[str, Any]


def sections(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of the page, from the heading on."""
    yield from ["## " + result["title"], "", *_how(result), ""]
    names = [name for name in result["data"] if _measured(result, name)]
    yield from ["### More accurate and faster to fit than `balanced`", ""]
    yield from [*(_pareto_line(result, name) for name in names), ""]
    for name in names:
        yield from [*_data_section(result, name), ""]
    yield from ["### Published numbers, made to appear", "", *_anchors(result)]


def summary(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines that open the page: the presets beside the best peer on every data set."""
    names = [name for name in result["data"] if _measured(result, name)]
    yield from ["### Accuracy of the presets and of the best peer", "", *_summary(result, names)]


def dominating(rows: Sequence[Row], metric: str) -> list[Row]:
    """Return the peers that are more accurate than the default and faster to fit."""
    default = next((row for row in rows if row["model"] == DEFAULT), None)
    if default is None or "metrics" not in default:
        return []
    return [
        row
        for row in rows
        if not row["model"].startswith(OURS)
        and "metrics" in row
        and row["metrics"][metric] > default["metrics"][metric]
        and row["fit_cpu_s"] < default["fit_cpu_s"]
    ]


def rows_of(result: Mapping[str, Any], name: str) -> list[Row]:
    """Return the rows of a data set, and those of its twin of models that use no tags."""
    twin = result["data"][name].get("twin", "")
    return [
        row
        for row in result["rows"]
        if row["data"] == name or (row["data"] == twin and not row["model"].startswith(OURS))
    ]


def _measured(result: Mapping[str, Any], name: str) -> list[Row]:
    metric = result["data"][name]["metrics"][0]
    rows = [row for row in rows_of(result, name) if "metrics" in row]
    return sorted(rows, key=lambda row: -row["metrics"][metric])


def _how(result: Mapping[str, Any]) -> list[str]:
    given = sorted({facts.get("search_s", 0.0) for facts in result["data"].values()})
    seconds = " or ".join(f"{one:.0f}" for one in given)
    return [
        "* Everyone has the same split, masks, candidates and `k`, and is measured by "
        "`recsys.metrics` under the rules of `recsys.evaluation`.",
        "* Each peer is searched on a part cut from train: a fixed grid in a fixed order, for "
        f"{seconds} seconds of the processor, the same for all peers of a data set. "
        "It is then fitted on all of train with the best settings.",
        "* Our presets are used as they are; what they learn they learn from train alone, within "
        "their fit.",
        "* Peers are given the pairs of taste, each counting 1; people without any get what is "
        "popular.",
        "* Intervals are 95 % bootstrap intervals over people; differences are paired.",
        "* One process per row, one thread. Fit is in seconds of the processor. Memory is the "
        "peak of that process at the end of the fit, the data and imports included.",
        "* p50 is the whole `recommend` call for one known person, `k=10`.",
    ]


def _summary(result: Mapping[str, Any], names: Sequence[str]) -> Iterator[str]:
    yield "| data | metric | fast | balanced | best | best peer | fit, s | p50, ms | memory, MB |"
    yield "|" + "---|" * 9
    for name in names:
        metric = result["data"][name]["metrics"][0]
        rows = _measured(result, name)
        by_name = {row["model"]: row for row in rows}
        ours = [by_name.get(OURS + preset) for preset in ("fast", "balanced", "best")]
        peer = next((row for row in rows if not row["model"].startswith(OURS)), None)
        cells = [name, metric, *(_value(row, metric) for row in ours)]
        cells.append(f"{_value(peer, metric)} {peer['model']}" if peer else "")
        cells += [_three(ours, key) for key in ("fit_cpu_s", "p50_ms", "peak_mb")]
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield "The last three columns are of fast, balanced and best, in this order."


def _pareto_line(result: Mapping[str, Any], name: str) -> str:
    metric = result["data"][name]["metrics"][0]
    rows = rows_of(result, name)
    default = next((row for row in rows if row["model"] == DEFAULT), None)
    if default is None or "metrics" not in default:
        return f"* {name}: `balanced` is not measured yet."
    found = dominating(rows, metric)
    if not found:
        return f"* {name}: nobody."
    told = [
        f"{row['model']} ({metric} {row['metrics'][metric]:.4f} against "
        f"{default['metrics'][metric]:.4f}, fit {_seconds(row['fit_cpu_s'])} s against "
        f"{_seconds(default['fit_cpu_s'])} s{_how_sure(row, name, metric)})"
        for row in found
    ]
    return f"* {name}: {'; '.join(told)}."


def _how_sure(row: Row, name: str, metric: str) -> str:
    paired = row.get("default_minus_this", {}).get(name, {}).get(metric)
    if paired is None:
        return ""
    return "" if paired["high"] < 0 else ", within chance"


def _data_section(result: Mapping[str, Any], name: str) -> Iterator[str]:
    facts = result["data"][name]
    metrics = facts["metrics"]
    rows = _measured(result, name)
    yield from [f"### {name}", ""]
    if rows:
        yield from [f"{rows[0]['n_users']} people in the test.", ""]
    picture = PICTURES / f"quality-{slug(name)}.svg"
    if picture.exists():
        yield from [f"![Accuracy and fit time on {name}](pictures/{picture.name})", ""]
    first = f"balanced minus this, {metrics[0]}"
    columns = ["model", *metrics, first, "fit, s", "p50, ms", "memory, MB", "settings"]
    yield f"| {' | '.join(columns)} |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield f"| {' | '.join(_cells(row, name, metrics))} |"
    skipped = [row for row in rows_of(result, name) if "skipped" in row]
    if skipped:
        told = "; ".join(f"{row['model']} ({row['skipped']})" for row in skipped)
        yield from ["", f"Not measured: {told}."]


def _cells(row: Row, name: str, metrics: Sequence[str]) -> list[str]:
    ours = row["model"].startswith(OURS)
    model = f"**{row['model']}**" if ours else row["model"] + with_tags(row)
    low, high = row["intervals"][metrics[0]]
    values = [f"{_value(row, metrics[0])} ({low:.4f} to {high:.4f})"]
    values += [_value(row, metric) for metric in metrics[1:]]
    paired = row.get("default_minus_this", {}).get(name, {}).get(metrics[0])
    gap = ""
    if paired:
        gap = f"{paired['difference']:+.4f} ({paired['low']:+.4f} to {paired['high']:+.4f})"
    settings = " ".join(f"{key}={value}" for key, value in row.get("params", {}).items())
    if row.get("n_grid", 1) > 1:
        settings += f" ({row['n_tried']} of {row['n_grid']} tried)"
    return [
        model,
        *values,
        gap,
        _seconds(row["fit_cpu_s"]),
        f"{row['p50_ms']:.2f}" if "p50_ms" in row else "",
        f"{row['peak_mb']:.0f}",
        settings,
    ]


def with_tags(row: Row) -> str:
    """Return what is written behind the name of a peer that was given tags."""
    return " with tags" if row.get("uses_tags") else ""


def _anchors(result: Mapping[str, Any]) -> Iterator[str]:
    yield "| method | data | metric | published | here | |"
    yield "|---|---|---|---|---|---|"
    for anchor in result.get("anchors", []):
        for metric, value in anchor["expected"].items():
            said = "misses" if metric in anchor["misses"] else _agreement(anchor["tolerance"])
            here = f"{anchor['measured'][metric]:.5f}"
            cells = (anchor["name"], anchor["data"], metric, f"{value:.4f}", here, said)
            yield f"| {' | '.join(cells)} |"


def _agreement(tolerance: float) -> str:
    return "to the last digit" if tolerance < 1e-4 else f"within {tolerance:g}"


def _value(row: Row | None, metric: str) -> str:
    return "" if row is None or "metrics" not in row else f"{row['metrics'][metric]:.4f}"


def _three(rows: Sequence[Row | None], key: str) -> str:
    form = {"fit_cpu_s": _seconds, "p50_ms": "{:.2f}".format, "peak_mb": "{:.0f}".format}[key]
    return " / ".join("" if row is None or key not in row else form(row[key]) for row in rows)


def _seconds(value: float) -> str:
    """Return seconds with two digits that mean something.

    Examples
    --------
    >>> [_seconds(one) for one in (0.034, 1.234, 12.34, 123.4)]
    ['0.03', '1.2', '12', '123']
    """
    if value < 1:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def slug(name: str) -> str:
    """Return a name for files: ``lastfm+tags`` is ``lastfm-tags``."""
    return name.replace("+", "-")
