"""Days as a picture: SVG drawn on the server, in the colours of the pages, light and dark, with nothing loaded from
elsewhere and no script."""

import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from xml.etree.ElementTree import Element

import pygal
from babel.dates import format_date, format_datetime
from pygal.style import Style

from affiliate.reports.clicks import Figures
from affiliate.reports.timeline import Timeline
from affiliate.web.words import money, number

# pygal leaves an import hook for map plugins, of a kind that Python dropped in 3.12: every later import would warn
sys.meta_path[:] = [hook for hook in sys.meta_path if not isinstance(hook, pygal.PluginImportFixer)]

_TICKS, _TICKS_WITH_YEAR = 5, 4  # dates below the picture: more do not fit on a phone
_WITHOUT_YEAR = 180  # days; in more, a date alone could be of two years
_WIDTH, _HEIGHT = 480, 200
_ACCENT, _INK, _LINE = "#14545c", "#5a6468", "#dedad2"  # app.css: --accent, --soft, --line
_OTHERS = "#a9b4b2"  # light enough to be told from the accent without colours
# An image is a document of its own: its style stands in it, and it loads nothing.
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

_STYLE = Style(
    background="transparent",
    plot_background="transparent",
    foreground=_INK,
    foreground_strong=_INK,
    foreground_subtle=_LINE,
    colors=(_ACCENT, _OTHERS),
    font_family="system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
    label_font_size=12,
    major_label_font_size=12,
    value_font_size=12,
    opacity=".85",
    opacity_hover="1",
    stroke_width="2",
    guide_stroke_color=_LINE,
    major_guide_stroke_color=_LINE,
    guide_stroke_dasharray="0",
    major_guide_stroke_dasharray="0",
    no_data_font_size=14,
)
# pygal marks its parts with classes. Loaded as an image, the picture follows the preference of the page around it.
_FINISH = """
.series path.line { fill-opacity: .12 !important }
@media (prefers-color-scheme: dark) {
  text { fill: #a3adaf !important }
  .guides .line, .axis .line { stroke: #333c3f !important }
  .series .rect, .series .dot { fill: #7cc4cc !important; stroke: #7cc4cc !important }
  .series.serie-1 .rect { fill: #56636a !important; stroke: #56636a !important }
  .series path.line { fill: #7cc4cc !important; stroke: #7cc4cc !important }
}
"""


def clicks_picture(timeline: Timeline) -> bytes:
    """Human clicks by day, as bars."""
    chart = pygal.Bar(**_settings(lambda value: number(round(value)), [day.clicks for day in timeline.days]))
    _name_days(chart, [day.day for day in timeline.days])
    chart.add("Clicks", [day.clicks for day in timeline.days])
    return _drawn(chart)


def course_picture(course: Sequence[tuple[datetime, Figures]], grain: str) -> bytes:
    """Hours or days as bars: clicks by people below, all others on top of them, so that a whole bar is the raw count."""
    highest = [figures.raw for _, figures in course]
    chart = pygal.StackedBar(**_settings(lambda value: number(round(value)), highest))
    moments = [moment for moment, _ in course]
    if grain == "hour":
        _name(
            chart, [str(format_datetime(moment, "d MMM HH:mm", locale="en_GB")) for moment in moments], _TICKS_WITH_YEAR
        )
    else:
        _name_days(chart, [moment.date() for moment in moments])
    chart.add("by people", [figures.human for _, figures in course])
    chart.add("others", [figures.raw - figures.human for _, figures in course])
    return _drawn(chart)


def commission_picture(timeline: Timeline, currency: str) -> bytes:
    """Earned commission of one currency by day, as a line. Currencies are never added up: each has its own picture."""
    amounts = [day.commission.get(currency, Decimal(0)) for day in timeline.days]
    chart = pygal.Line(
        fill=True, show_dots=len(amounts) <= 62, dots_size=2, **_settings(lambda v: _whole(v, currency), amounts)
    )
    _name_days(chart, [day.day for day in timeline.days])
    chart.add(currency, [float(amount) for amount in amounts])  # places on paper, not money
    return _drawn(chart)


def _whole(value: float, currency: str) -> str:
    return money(Decimal(round(value, 2)).quantize(Decimal("0.01")), currency)


def _settings(formatter: Callable[[float], str], values: Sequence[Decimal | int]) -> dict[str, object]:
    return {
        "style": _STYLE,
        "css": ["file://style.css", "file://graph.css", f"inline:{_FINISH}"],
        "js": [],
        "width": _WIDTH,
        "height": _HEIGHT,
        "margin": 6,
        "spacing": 8,
        "show_legend": False,
        "show_minor_x_labels": False,
        "truncate_label": -1,
        "show_x_guides": False,
        "y_labels_major_every": 1,
        "y_labels": _scale(values),
        "value_formatter": formatter,
        "disable_xml_declaration": False,
        "explicit_size": True,
        "no_data_text": "Nothing in these days",
        "print_values": False,
        "pretty_print": False,
    }


def _scale(values: Sequence[Decimal | int]) -> list[float]:
    """Three to five round numbers from 0 (or the lowest value, where a reversal made it negative) to the highest."""
    highest, lowest = max([*values, 0]), min([*values, 0])
    span = float(highest - lowest) or 1.0
    step = next(base * 10**power for power in range(-2, 13) for base in (1, 2, 5) if base * 10**power * 4 >= span)
    first = -int(-float(lowest) // step + (-float(lowest) % step > 0)) if lowest < 0 else 0
    count = int(float(highest) // step + (float(highest) % step > 0))
    return [round(step * number, 2) for number in range(first, max(count, 1) + 1)]


def _name_days(chart: pygal.Graph, days: Sequence[date]) -> None:
    written, most = ("d MMM", _TICKS) if len(days) <= _WITHOUT_YEAR else ("d MMM y", _TICKS_WITH_YEAR)
    _name(chart, [str(format_date(day, written, locale="en_GB")) for day in days], most)


def _name(chart: pygal.Graph, names: Sequence[str], most: int) -> None:
    every = max(-(-len(names) // most), 1)
    chart.x_labels = names
    chart.x_labels_major = names[::every]


def _drawn(chart: pygal.Graph) -> bytes:
    chart.add_xml_filter(_without_scripts)
    drawn: bytes = chart.render()
    return drawn


def _without_scripts(root: Element) -> Element:
    """pygal puts its configuration into a script, whether or not a script of its own is to read it."""
    for parent in root.iter():
        for child in [child for child in parent if str(child.tag).endswith("script")]:
            parent.remove(child)
    return root
