"""Charts as inline SVG, drawn by matplotlib; they take their colours from the page, so they fit light and dark."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date
from html import escape
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.reporting.page_model import DayFigures, DropOff, Share

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Matplotlib wants colours; each of these stands for one of the page.
_COLOURS = {
    "#010101": "currentColor", "#020202": "var(--quiet)", "#030301": "var(--series-1)", "#030302": "var(--series-2)",
    "#030303": "var(--series-3)", "#030304": "var(--series-4)", "#030305": "var(--series-5)",
}  # fmt: skip
_TEXT, _QUIET, *_SERIES = _COLOURS
# Also without colours, curves can be told apart.
_DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (2, 2)), (0, (6, 2, 1, 2)), (0, (1, 3)))
# Inches at 72 points: on a phone the letters come out at their size.
_WIDTH, _HEIGHT = 4.6, 2.5
_BAR = 0.27
_LONGEST = 24
# A dollar sign in a title begins no formula.
_STYLE: Any = {"svg.fonttype": "none", "svg.hashsalt": "kaltura", "font.size": 9.5, "text.parse_math": False}


def days_chart(days: Sequence[DayFigures], name: str) -> str:
    """Draw plays by day.

    :param days: the days; one without figures leaves a gap.
    :param name: a word that no other chart of the page has.
    """
    with _drawing() as (figure, axes):
        axes.bar(range(len(days)), [each.plays or 0 for each in days], color=_SERIES[0], width=0.72)
        _label_days(axes, [each.day for each in days])
        _count_axis(axes)
        return _svg(figure, name, f"Plays by day from {days[0].day} to {days[-1].day}")


def trend_chart(trend: Sequence[tuple[date, int]], name: str) -> str:
    """Draw a number over days."""
    with _drawing() as (figure, axes):
        axes.plot(range(len(trend)), [number for _, number in trend], color=_SERIES[0], marker="o", markersize=3)
        _label_days(axes, [day for day, _ in trend])
        _count_axis(axes)
        return _svg(figure, name, f"Titles without captions from {trend[0][0]} to {trend[-1][0]}")


def curves_chart(curves: Sequence[DropOff], name: str) -> str:
    """Draw how many viewers are left along titles; at most five."""
    shown = curves[: len(_SERIES)]
    with _drawing() as (figure, axes):
        for number, curve in enumerate(shown):
            steps = len(curve.left)
            axes.step(
                [100 * (at + 1) / steps for at in range(steps)], [100 * left for left in curve.left], where="post",
                color=_SERIES[number], linestyle=_DASHES[number], linewidth=1.8, label=_cut(curve.name),
            )  # fmt: skip
        axes.set_ylim(0, 104)
        axes.set_xlim(0, 100)
        axes.set_xlabel("% of the title", color=_TEXT)
        axes.set_ylabel("% of its viewers", color=_TEXT)
        legend = axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.24), ncol=1, frameon=False, fontsize=8.5)
        for text in legend.get_texts():
            text.set_color(_TEXT)
        return _svg(figure, name, "Viewers left along the titles with the most plays")


def shares_chart(shares: Sequence[Share], name: str, label: str) -> str:
    """Draw parts as bars, the largest first.

    :param label: what the chart says, for those who do not see it.
    """
    with _drawing(height=0.5 + _BAR * len(shares)) as (figure, axes):
        names = [_cut(each.name) for each in shares]
        bars = axes.barh(range(len(shares)), [each.plays for each in shares], color=_SERIES[0], height=0.68)
        axes.bar_label(bars, [f"{each.plays:,}" for each in shares], padding=3, color=_TEXT, fontsize=8.5)
        axes.set_yticks(range(len(shares)), names)
        axes.invert_yaxis()
        axes.set_xticks([])
        axes.margins(x=0.18)
        for side in ("bottom", "left"):
            axes.spines[side].set_visible(False)
        axes.tick_params(axis="y", length=0)
        return _svg(figure, name, label)


class _drawing:
    """A figure with its axes, in the style of all charts."""

    def __init__(self, height: float = _HEIGHT) -> None:
        self._height = height

    def __enter__(self) -> tuple[Figure, Axes]:
        import matplotlib as mpl
        from matplotlib.figure import Figure

        self._context = mpl.rc_context(_STYLE)
        self._context.__enter__()
        figure = Figure(figsize=(_WIDTH, self._height))
        axes = figure.add_subplot()
        figure.patch.set_visible(False)
        axes.patch.set_visible(False)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        for side in ("bottom", "left"):
            axes.spines[side].set_color(_QUIET)
        axes.tick_params(colors=_QUIET, labelcolor=_TEXT)
        return figure, axes

    def __exit__(self, *args: Any) -> None:
        self._context.__exit__(*args)


def _label_days(axes: Axes, days: Sequence[date]) -> None:
    every = max(1, len(days) // 6)
    at = list(range(0, len(days), every))
    form = "%a" if len(days) <= 7 else "%b"
    axes.set_xticks(at, [f"{days[number]:{form}} {days[number].day}" for number in at])


def _count_axis(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color=_QUIET, linewidth=0.4, alpha=0.5)
    axes.set_axisbelow(True)


def _cut(text: str) -> str:
    whole = " ".join(text.split())
    return whole if len(whole) <= _LONGEST else whole[: _LONGEST - 1] + "…"


def _svg(figure: Figure, name: str, label: str) -> str:
    stream = io.StringIO()
    figure.savefig(stream, format="svg", bbox_inches="tight", pad_inches=0.04, metadata={"Date": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    for colour, of_page in _COLOURS.items():
        text = text.replace(colour, of_page)
    # Without the name of a font that no viewer has, and with ids that are one chart's alone.
    text = re.sub(r"font: ([\d.]+px) [^;\"]+", r"font: \1 system-ui, sans-serif", text)
    text = re.sub(r'(?<=\bid=")', f"{name}-", text)
    text = re.sub(r"(?<=url\(#)|(?<=xlink:href=\"#)", f"{name}-", text)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"|(<svg[^>]*?) height="[^"]*"', r"\1\2", text, count=1)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    return text.replace("<svg", f'<svg role="img" aria-label="{escape(label)}"', 1).strip()
