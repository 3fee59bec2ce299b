"""What a node tells Prometheus, in its text format. Numbers of the node, and of how networks feed us: no link, no site, no person."""

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from affiliate.nodes.queries import Fed
from affiliate.nodes.standing import Asked, PublishedTable, Standing, Waiting
from affiliate.redirect.counters import BOUNDS_NS, Counts


def metrics(standing: Standing, *, version: str) -> bytes:
    """The page of /metrics."""
    registry = CollectorRegistry()
    registry.register(_Node(standing, version))
    return generate_latest(registry)


class _Node(Collector):
    def __init__(self, standing: Standing, version: str) -> None:
        self._standing = standing
        self._version = version

    def collect(self) -> Iterator[Metric]:
        standing = self._standing
        yield InfoMetricFamily("affiliate", "What runs here.", {"version": self._version})
        yield _answers(standing.counts)
        yield from _clicks(standing.counts)
        yield from _journal(standing.waiting)
        yield GaugeMetricFamily(
            "affiliate_click_lag_seconds",
            "Age of the oldest click that is not in the database; without the database at most this.",
            standing.lag_seconds,
        )
        yield from _table(standing.table)
        yield from _store(standing.asked)


def _answers(counted: Counts) -> Metric:
    family = HistogramMetricFamily(
        "affiliate_redirect_seconds", "Our own time from request to answer, by status code.", labels=["code"]
    )
    bounds = [*(f"{bound / 1e9:g}" for bound in BOUNDS_NS), "+Inf"]
    for code, answers in counted.answers.items():
        buckets = list(zip(bounds, accumulate(answers.classes), strict=True))
        family.add_metric([code], buckets, answers.spent_ns / 1e9)
    return family


def _clicks(counted: Counts) -> Iterator[Metric]:
    for name, says, value in (
        ("affiliate_clicks_journalled", "Clicks written to the journal.", counted.journalled),
        ("affiliate_prefetches_refused", "Prefetches of links that were refused.", counted.prefetches),
        (
            "affiliate_tokens_over_hosts",
            "Requests whose token names another link than host and path; the token's link answered.",
            counted.overruled,
        ),
        ("affiliate_unclear_hosts", "Requests whose host and path lead to links of several sites.", counted.unclear),
        ("affiliate_journal_failures", "Clicks answered that the journal could not take.", counted.journal_failures),
        ("affiliate_journal_syncs", "Times the journal was brought to the disk.", counted.syncs),
        ("affiliate_journal_sync_failures", "Times the disk refused it.", counted.sync_failures),
        ("affiliate_clicks_loaded", "Clicks that this node's loader stored.", counted.loaded),
        ("affiliate_clicks_set_aside", "Records that this node's loader set aside.", counted.set_aside),
    ):
        yield CounterMetricFamily(name, says, value)
    yield GaugeMetricFamily(
        "affiliate_loader_pass_timestamp_seconds",
        "When the loader's last complete pass began; 0: never.",
        counted.pass_at_ms / 1000,
    )


def _journal(waiting: Waiting) -> Iterator[Metric]:
    for name, says, value in (
        ("affiliate_journal_segments", "Segments in the journal.", waiting.segments),
        ("affiliate_journal_bytes", "What they take on the disk.", waiting.disk_bytes),
        ("affiliate_journal_waiting_bytes", "What of that is not loaded yet.", waiting.waiting_bytes),
        ("affiliate_journal_free_bytes", "What is free on its disk.", waiting.free_bytes),
    ):
        yield GaugeMetricFamily(name, says, value)


def _table(table: PublishedTable | None) -> Iterator[Metric]:
    yield GaugeMetricFamily("affiliate_link_table_up", "Whether the link table can be read.", float(table is not None))
    if table:
        yield GaugeMetricFamily("affiliate_link_table_paths", "Paths that answer.", table.paths)
        yield GaugeMetricFamily(
            "affiliate_link_table_change", "The newest change of links in the table.", table.checkpoint
        )


def _store(asked: Asked | None) -> Iterator[Metric]:
    yield GaugeMetricFamily("affiliate_store_up", "Whether the database answered in time.", float(asked is not None))
    if asked:
        yield GaugeMetricFamily("affiliate_store_change", "The newest change of links.", asked.unpublished.newest)
        yield GaugeMetricFamily(
            "affiliate_unpublished_changes", "Changes of links not in the table yet.", asked.unpublished.changes
        )
        yield GaugeMetricFamily(
            "affiliate_clock_ahead_seconds", "How far this clock is ahead of the database's.", asked.ahead_seconds
        )
        yield from _feeds(asked.fed)


def _feeds(fed: Fed) -> Iterator[Metric]:
    """Of all nodes together."""
    pulled = GaugeMetricFamily(
        "affiliate_connector_last_success_timestamp_seconds",
        "When a network's API last answered whole, by publisher account.",
        labels=["network", "account"],
    )
    for labels, at in fed.pulled_at.items():
        pulled.add_metric(labels, at.timestamp())
    yield pulled
    yield GaugeMetricFamily(
        "affiliate_postbacks_waiting", "Messages of networks that are not booked yet.", fed.messages
    )
