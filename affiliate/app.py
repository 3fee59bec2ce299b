"""The composition root: settings become the parts that the rooms ask for. Nothing below reads configuration.

A part's modules are imported where it is made, so that a command loads what it uses and no more. A process that serves
loads them all before it begins, see serve.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property, partial
from importlib.metadata import version
from typing import TYPE_CHECKING

from affiliate import deadline
from affiliate.clock import Clock, utc_now
from affiliate.errors import AffiliateError
from affiliate.settings import Settings
from affiliate.store import Store, migrations

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from affiliate.articles.policy import Policy
    from affiliate.clicks.load import Loaded, Loader
    from affiliate.clicks.retention import Purged
    from affiliate.commissions.postbacks import Secrets
    from affiliate.commissions.pulling import Progress, PulledWindow, Puller
    from affiliate.disclosure.browser.windows import Chromium
    from affiliate.disclosure.crawl import Crawler
    from affiliate.disclosure.crawl import Progress as CrawlProgress
    from affiliate.disclosure.recheck import Rechecker
    from affiliate.networks.connecting import MayConnect
    from affiliate.networks.http import PoliteClient
    from affiliate.nodes.standing import Watch
    from affiliate.redirect.addresses import Networks
    from affiliate.redirect.bodies import Bodies
    from affiliate.redirect.counters import Counters
    from affiliate.redirect.hop import Hop, IsStaff
    from affiliate.redirect.late import Pages
    from affiliate.redirect.table import LinkTable
    from affiliate.redirect.visitors import KeyOfDay
    from affiliate.web.signed_in import Life


OWN_PAGES_AGENT = "Affiliate/0.1 (a publisher's link manager; checks the publisher's own pages)"


@dataclass(frozen=True)
class Application:
    """The parts of one process. Making it opens nothing: redirects must start with the database away."""

    settings: Settings
    clock: Clock = utc_now

    @cached_property
    def store(self) -> Store:
        return Store(self.settings.database_url)

    @cached_property
    def table(self) -> "LinkTable":
        from affiliate.redirect.table import LinkTable

        return LinkTable(self.settings.link_table_dir)

    @cached_property
    def counters(self) -> "Counters":
        """This process's own; made where they are needed, so after a fork."""
        from affiliate.redirect.counters import Counters

        return Counters(self.settings.journal_dir)

    @cached_property
    def policy(self) -> "Policy":
        from affiliate.articles.policy import Policy

        articles = self.settings.articles
        return Policy(
            enabled=articles.monetise,
            always_off_tags=articles.always_off_tags,
            default_off_tags=articles.default_off_tags,
            sections=dict.fromkeys(articles.off_sections, False),
        )

    @cached_property
    def pages(self) -> "PoliteClient":
        """For reading advertisers' pages; never reaches a private address."""
        from affiliate.networks.http import PoliteClient

        return PoliteClient(timeout_seconds=self.settings.requests.timeout_seconds)

    def puller(self, told: "Callable[[Progress | PulledWindow], None] | None" = None) -> "Puller":
        """Pulls networks' APIs; `told` hears how far it is."""
        from affiliate.commissions.pulling import Puller

        puller = Puller(self.store, self.settings.networks.credentials_dir, self.clock)
        return replace(puller, told=told) if told else puller

    def crawler(self, told: "Callable[[CrawlProgress], None] | None" = None, *, anywhere: bool = False) -> "Crawler":
        """Walks over the publisher's own sites, `anywhere` also on private addresses; `told` hears how far it is."""
        from affiliate.disclosure.crawl import Crawler, Fetcher

        fetcher = Fetcher(may_connect=lambda _address, _port: True) if anywhere else Fetcher()
        pause = self.settings.disclosure.crawl_pause_seconds
        crawler = Crawler(self.store, fetcher, self.clock, pause, written=self.rechecker().served)
        return replace(crawler, told=told) if told else crawler

    def rechecker(self, *, may_connect: "MayConnect | None" = None, rendered: bool | None = None) -> "Rechecker":
        """Checks articles' pages. It reaches public addresses alone unless `may_connect` lets it; `rendered` overrides the
        setting."""
        from affiliate.disclosure.recheck import Rechecker
        from affiliate.networks.connecting import is_public
        from affiliate.networks.http import PoliteClient

        may_connect = may_connect or is_public
        return Rechecker(
            self.store,
            self.clock,
            PoliteClient(user_agent=OWN_PAGES_AGENT, may_connect=may_connect, deadline_seconds=30).get,
            partial(_open_chromium, may_connect),
            rendered=self.settings.disclosure.rendered if rendered is None else rendered,
        )

    def has_credentials(self, network: str, publisher_ref: str) -> bool:
        """Whether a file of credentials lies ready for our account there."""
        from affiliate.networks.asking.credentials import has_credentials
        from affiliate.networks.registry import network as find_network

        return has_credentials(self.settings.networks.credentials_dir, find_network(network), publisher_ref)

    def postback_secrets(self, network: str, publisher_ref: str) -> "Secrets":
        """What the messages of our account there are proven with."""
        from affiliate.commissions.postbacks.secrets import secrets_of
        from affiliate.networks.registry import network as find_network

        return secrets_of(self.settings.networks.credentials_dir, find_network(network), publisher_ref)

    def publish(self, link_ids: Sequence[int]) -> None:
        """Makes edits answer on this node now; other nodes follow within a second."""
        from affiliate.links.publish import publish_now

        if link_ids:
            with deadline.lifted():
                publish_now(self.store, self.table, link_ids)

    def publish_hosts(self) -> None:
        """Makes a change of sites' hosts answer on this node now."""
        from affiliate.links.publish import publish_hosts

        with deadline.lifted():
            publish_hosts(self.store, self.table)

    @cached_property
    def loader(self) -> "Loader":
        from affiliate.clicks.load import Loader

        return Loader(self.store, self.settings.journal_dir, clock=self.clock)

    def load_clicks(self) -> "Loaded":
        """One pass of the loader, which is counted."""
        began_at = self.clock()
        loaded = self.loader.load()
        self.counters.add_pass(began_at, loaded=loaded.clicks, set_aside=loaded.set_aside)
        return loaded

    def purge_clicks(self) -> "Purged":
        """Deletes what is older than the settings keep it."""
        from affiliate.clicks.retention import purge

        kept = self.settings.clicks
        return purge(
            self.store,
            self.settings.journal_dir,
            keep_raw_days=kept.keep_raw_days,
            keep_hours_months=kept.keep_hours_months,
            now=self.clock(),
        )

    @cached_property
    def watch(self) -> "Watch":
        from affiliate.nodes.standing import Watch

        return Watch(self.store, self.settings.journal_dir, self.table, clock=self.clock)

    def metrics(self, peer: str, forwarded_for: str) -> bytes | None:
        """The page of /metrics, or None for a client to whom it is not open. One that came through a proxy that is not
        ours is not: its own address is not known then, and the proxy's may well be one that the setting allows."""
        from affiliate.nodes.metrics import metrics
        from affiliate.redirect.addresses import client_of

        through_strangers = bool(forwarded_for) and peer not in self._proxies
        if through_strangers or client_of(peer, forwarded_for, self._proxies) not in self._metrics_open:
            return None
        return metrics(self.watch.standing(), version=version("affiliate"))

    @cached_property
    def _proxies(self) -> "Networks":
        from affiliate.redirect.addresses import Networks

        return Networks(map(str, self.settings.server.trusted_proxies))

    @cached_property
    def _metrics_open(self) -> "Networks":
        from affiliate.redirect.addresses import Networks

        return Networks(map(str, self.settings.metrics.allowed_networks))

    def hop(self, key_of_day: "KeyOfDay | None" = None, *, is_staff: "IsStaff | None" = None) -> "Hop":
        """The redirect, journalling into the data folder. One hop a process."""
        from affiliate.redirect.countries import open_countries
        from affiliate.redirect.hop import Hop, nobody
        from affiliate.redirect.journal import JournalWriter
        from affiliate.redirect.orphans import OrphanLog
        from affiliate.redirect.unknown_hosts import UnknownHosts
        from affiliate.redirect.visitors import KeyFiles, Visitors

        server, journal, clicks = self.settings.server, self.settings.journal, self.settings.clicks
        return Hop(
            self.table,
            JournalWriter(
                self.settings.journal_dir,
                self.counters,
                segment_bytes=journal.segment_bytes,
                segment_seconds=journal.segment_seconds,
                durability=journal.durability,
                sync_seconds=journal.sync_milliseconds / 1000,
            ),
            Visitors(key_of_day or KeyFiles(self.settings.visitor_keys_dir), clock=self.clock),
            OrphanLog(self.settings.journal_dir),
            unknown_hosts=UnknownHosts(self.settings.journal_dir),
            counters=self.counters,
            proxies=[str(network) for network in server.trusted_proxies],
            internal=[str(network) for network in clicks.internal_networks],
            country_of=open_countries(clicks.country_database),
            is_staff=is_staff or nobody,
            refuse_unknown=clicks.unknown_consent == "refuse",
        )

    def session_life(self) -> "Life":
        from affiliate.web.signed_in import Life  # with it comes all of the web, which few commands need

        sessions = self.settings.sessions
        return Life(timedelta(hours=sessions.idle_hours), timedelta(days=sessions.longest_days))

    def wsgi(self, *, pages_at_once: int | None = None, bodies_at_once: int | None = None) -> "WSGIApplication":
        """The whole of the web as one WSGI callable: the redirect in front, the pages behind it, of which no more than so
        many are made at a time, and of whose requests no more than so many bodies are waited for. The redirect needs no
        file of the pages: where their key cannot be read or written yet, they answer 503 and the redirect goes on."""
        from affiliate.redirect.late import Late
        from affiliate.redirect.wsgi import RedirectMiddleware

        pages = Late(self._pages, name="the pages")
        pages.tried()
        return RedirectMiddleware(
            self.hop(is_staff=lambda cookies, now: (made := pages.made) is not None and made.is_staff(cookies, now)),
            pages,
            self.counters,
            clock=self.clock,
            not_ready=lambda: pages.tried() or self.not_ready(),
            metrics=self.metrics,
            pages_at_once=pages_at_once,
            bodies=self._bodies(bodies_at_once) if bodies_at_once else None,
        )

    def _bodies(self, at_once: int) -> "Bodies":
        from affiliate.redirect.addresses import client_of
        from affiliate.redirect.bodies import Bodies
        from affiliate.web.application import LARGEST_REQUEST

        server = self.settings.server
        return Bodies(
            client_of=lambda peer, forwarded_for: client_of(peer, forwarded_for, self._proxies),
            seconds=server.body_seconds,
            at_once=at_once,
            per_client=min(server.bodies_per_address, at_once),
            largest=LARGEST_REQUEST,
        )

    def _pages(self) -> "Pages":
        """OSError where the key of log-in cookies can be neither read nor written."""
        from affiliate.redirect.addresses import client_of
        from affiliate.redirect.late import Pages
        from affiliate.web import create_app
        from affiliate.web.services import Services
        from affiliate.web.staff import staff_of

        pages = create_app(
            Services(
                store=self.store,
                clock=self.clock,
                publish=self.publish,
                publish_hosts=self.publish_hosts,
                session_key=self.settings.session_key(),
                secure_cookies=self.settings.server.secure_cookies,
                policy=self.policy,
                has_credentials=self.has_credentials,
                postback_secrets=self.postback_secrets,
                client_of=lambda peer, forwarded_for: client_of(peer, forwarded_for, self._proxies),
                life=self.session_life(),
                request_seconds=self.settings.server.request_seconds,
            )
        )
        return Pages(pages, staff_of(pages))

    def prepare(self) -> None:
        """Creates or migrates the database, and gives an empty one its first company and site."""
        from affiliate.links.sites import ensure_default_site, has_site

        migrations.upgrade(self.store)
        with self.store.reading() as session:
            if has_site(session):
                return
        site = self.settings.site
        with self.store.transaction() as session:
            ensure_default_site(
                session,
                name=site.name,
                language=site.language,
                jurisdiction=site.jurisdiction,
                time_zone=site.time_zone,
                currency=site.currency,
                now=self.clock(),
            )

    def not_ready(self) -> str:
        """Why pages cannot be served yet, or ""."""
        try:
            return "" if migrations.is_current(self.store) else "The database has to be migrated: affiliate db upgrade"
        except AffiliateError as problem:
            return str(problem)


def _open_chromium(may_connect: "MayConnect") -> "Chromium":
    from affiliate.disclosure.browser.windows import Chromium  # not before a page is to be shown

    return Chromium(may_connect=may_connect)


def open_application(settings: Settings) -> Application:
    """An application with its database ready."""
    app = Application(settings)
    app.prepare()
    return app
