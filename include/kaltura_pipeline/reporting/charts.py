"""Charts as inline SVG, drawn by matplotlib; they take their colours from the page, so they fit light and dark."""

from __future__ import annotations

import io
import re
import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from html import escape
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.reporting.page_model import DropOff, Share

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Curves that can be told apart in one chart.
CURVES = 5

# Matplotlib wants colours; each of these stands for one of the page.
_COLOURS = {
    "#010101": "currentColor", "#020202": "var(--quiet)", "#030301": "var(--series-1)", "#030302": "var(--series-2)",
    "#030303": "var(--series-3)", "#030304": "var(--series-4)", "#030305": "var(--series-5)",
}  # fmt: skip
_TEXT, _QUIET, *_SERIES = _COLOURS
# Also without colours, curves can be told apart: lengths of dashes and gaps, in widths of the line.
_DASHES = ((), (6, 2), (2, 2), (6, 2, 1, 2), (1, 3))
_LINE = 1.8
# Inches at 72 points. All charts are as wide as a phone's column, so that letters have the same size in all of them.
_WIDTH, _HEIGHT = 4.6, 2.5
_LETTERS, _SMALL = 12.0, 11.0
_BAR = 0.31
_LONGEST = 22
_HEADROOM = 1.02
# A dollar sign in a title begins no formula.
_STYLE: Any = {"svg.fonttype": "none", "svg.hashsalt": "kaltura", "font.size": _LETTERS, "text.parse_math": False}


def days_chart(days: Sequence[date], values: Sequence[float | None], name: str, label: str) -> str:
    """Draw a bar a day.

    :param days: the days.
    :param values: a number for each; None leaves a gap.
    :param name: a word that no other chart of the page has.
    :param label: what the chart shows, for those who do not see it; the days are added.
    """
    with _drawing() as (figure, axes):
        axes.bar(range(len(days)), [each or 0 for each in values], color=_SERIES[0], width=0.72)
        _label_days(axes, days)
        _count_axis(axes, max(each or 0 for each in values))
        return _svg(figure, name, f"{label} from {days[0]} to {days[-1]}")


def trend_chart(trend: Sequence[tuple[date, int]], name: str) -> str:
    """Draw how many titles have no captions, over days.

    :param trend: days and numbers, in order.
    :param name: a word that no other chart of the page has.
    """
    days, numbers = [day for day, _ in trend], [number for _, number in trend]
    first = days[0]
    with _drawing() as (figure, axes):
        # Days that were not counted keep their place.
        axes.plot([(day - first).days for day in days], numbers, color=_SERIES[0], linewidth=_LINE, marker="o",
                  markersize=3)  # fmt: skip
        _label_days(axes, [date.fromordinal(first.toordinal() + at) for at in range((days[-1] - first).days + 1)])
        _count_axis(axes, max(numbers))
        return _svg(figure, name, f"Titles without captions from {first} to {days[-1]}")


def curves_chart(curves: Sequence[DropOff], name: str) -> str:
    """Draw how many viewers are left along titles; :func:`line_sample` says which curve is which.

    :param curves: those of at most five titles; further ones are left out.
    :param name: a word that no other chart of the page has.
    """
    with _drawing() as (figure, axes):
        for number, curve in enumerate(curves[:CURVES]):
            steps = len(curve.left)
            axes.step(
                [100 * at / steps for at in range(steps + 1)], [100 * left for left in (curve.left[0], *curve.left)],
                where="post", color=_SERIES[number], linewidth=_LINE, linestyle=(0, _DASHES[number]),
            )  # fmt: skip
        axes.set_ylim(0, 104)
        axes.set_xlim(0, 100)
        axes.set_yticks(range(0, 101, 25))
        axes.set_xticks(range(0, 101, 25))
        axes.grid(axis="y", color=_QUIET, linewidth=0.4, alpha=0.5)
        axes.set_xlabel("% of the title", color=_TEXT)
        axes.set_ylabel("% of its viewers", color=_TEXT)
        return _svg(figure, name, "Viewers left along the titles with the most plays")


def line_sample(number: int) -> str:
    """Return a bit of the line of a curve, for a legend outside of the chart.

    :param number: which curve, from 0.
    """
    dashes = " ".join(f"{_LINE * each:.1f}" for each in _DASHES[number])
    return (
        f'<svg class="line" viewBox="0 0 30 4" width="30" height="4" aria-hidden="true"><path d="M0 2h30" fill="none" '
        f'stroke="{_COLOURS[_SERIES[number]]}" stroke-width="2" stroke-dasharray="{dashes or "none"}"/></svg>'
    )


def shares_chart(shares: Sequence[Share], name: str, label: str) -> str:
    """Draw parts as bars, in their order.

    :param shares: the parts.
    :param name: a word that no other chart of the page has.
    :param label: what the chart says, for those who do not see it.
    """
    with _drawing(height=0.12 + _BAR * len(shares)) as (figure, axes):
        bars = axes.barh(range(len(shares)), [each.plays for each in shares], color=_SERIES[0], height=0.66)
        axes.bar_label(bars, [f"{each.plays:,}" for each in shares], padding=4, color=_TEXT, fontsize=_SMALL)
        axes.set_yticks(range(len(shares)), [cut(each.name, _LONGEST) for each in shares])
        axes.set_ylim(len(shares) - 0.5, -0.5)
        axes.set_xlim(0, max(1, *(each.plays for each in shares)))
        axes.set_xticks([])
        for side in ("bottom", "left"):
            axes.spines[side].set_visible(False)
        axes.tick_params(axis="y", length=0)
        return _svg(figure, name, label)


def cut(text: str, longest: int) -> str:
    """Return a text on one line, no longer than so many characters, without those that no page may have."""
    # Control characters, and halves of characters that cannot be encoded.
    clean = "".join(" " if unicodedata.category(each) in ("Cc", "Cs") else each for each in text[: 4 * longest])
    whole = " ".join(clean.split())
    return whole if len(whole) <= longest else whole[: longest - 1].rstrip() + "…"


@contextmanager
def _drawing(height: float = _HEIGHT) -> Iterator[tuple[Figure, Axes]]:
    """A figure with its axes, in the style of all charts."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        axes = figure.add_subplot()
        figure.patch.set_visible(False)
        axes.patch.set_visible(False)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        for side in ("bottom", "left"):
            axes.spines[side].set_color(_QUIET)
        axes.tick_params(colors=_QUIET, labelcolor=_TEXT)
        yield figure, axes


def _label_days(axes: Axes, days: Sequence[date]) -> None:
    every = max(1, -(-len(days) // 6)) if len(days) > 7 else 1
    at = range(0, len(days), every)
    form = "{:%a}\n{}" if len(days) <= 7 else "{1}\n{0:%b}"
    axes.set_xticks(list(at), [form.format(days[number], days[number].day) for number in at])


def _count_axis(axes: Axes, highest: float) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    locator = MaxNLocator(nbins=4, integer=True)
    axes.yaxis.set_major_locator(locator)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    # Up to a line of the grid, with room for the thickness of what is drawn.
    axes.set_ylim(0, _HEADROOM * max(locator.tick_values(0, max(highest, 1))[-1], 1))
    axes.grid(axis="y", color=_QUIET, linewidth=0.4, alpha=0.5)
    axes.set_axisbelow(True)


def _svg(figure: Figure, name: str, label: str) -> str:
    stream = io.StringIO()
    with warnings.catch_warnings():
        # Letters that matplotlib's font has not, only their width is guessed: the browser draws them.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure.savefig(stream, format="svg", metadata={"Date": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # Only in tags: a title may be written like any of these.
    text = re.sub(r"<[^>]+>", lambda tag: _of_page(tag[0], name), text)
    # The page gives the size.
    head, rest = text.split(">", 1)
    head = re.sub(r' (?:width|height)="[^"]*"', "", head)
    return f'{head} role="img" aria-label="{escape(label)}">{rest}'.strip()


def _of_page(tag: str, name: str) -> str:
    for colour, of_page in _COLOURS.items():
        tag = tag.replace(colour, of_page)
    # Without the name of a font that no viewer has, and with ids that are one chart's alone.
    tag = re.sub(r"font: ([\d.]+px) [^;\"]+", r"font: \1 system-ui, sans-serif", tag)
    return re.sub(r'(?<=\bid=")|(?<=url\(#)|(?<=xlink:href="#)', f"{name}-", tag)
