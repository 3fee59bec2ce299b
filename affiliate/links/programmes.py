"""Publisher accounts and programmes: on whose terms a link earns."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from affiliate.errors import Conflict, InvalidInput, NotFound
from affiliate.links.aliases import Advertisers
from affiliate.links.sites import find_entity
from affiliate.money import currency_code, exact
from affiliate.networks.base import MODES, Terms
from affiliate.networks.registry import deep_link
from affiliate.networks.registry import network as find_network
from affiliate.redirect.referrers import REFERRER_POLICIES
from affiliate.store.tables import Programme, ProgrammeHost, PublisherAccount
from affiliate.urls import normalise_host

_CODE = re.compile(
    r"^(?:[a-z]+:|t/)"
)  # what stands before a code in place of a publisher id: camref:, gotolink:, mclic:, t/
UNKNOWN_ACCOUNT = "unknown"  # the account of imported rows that named none, until a person names it


def add_account(
    session: Session,
    network: str,
    publisher_ref: str,
    *,
    entity_key: str | None = None,
    name: str = "",
    currency: str | None = None,
    time_zone: str | None = None,
    now: datetime,
) -> PublisherAccount:
    """Us at a network. An account that an import created as "to be completed" is completed, the one of rows that named
    no account included; else Conflict if known."""
    key = find_network(network).key
    ref = publisher_ref.strip()
    if not ref:
        raise InvalidInput("The publisher id is empty; the network shows it in your account.")
    account = _account(session, key, ref) or _account(session, key, UNKNOWN_ACCOUNT)
    if account and not account.to_be_completed:
        raise Conflict(f"The account {ref} at {key} is already there.")
    account = account or PublisherAccount(network=key, publisher_ref=ref, created_at=now)
    account.publisher_ref = ref
    account.entity_id = find_entity(session, entity_key).id
    account.name = name
    account.currency = currency_code(currency) if currency else None
    account.time_zone = time_zone
    account.to_be_completed = False
    session.add(account)
    session.flush()
    return account


def _account(session: Session, network: str, publisher_ref: str) -> PublisherAccount | None:
    return session.scalar(
        select(PublisherAccount).where(
            PublisherAccount.network == network, PublisherAccount.publisher_ref == publisher_ref
        )
    )


def find_account(session: Session, network: str, publisher_ref: str | None = None) -> PublisherAccount:
    """Our account at a network; without a publisher id the only one, InvalidInput if there are several."""
    key = find_network(network).key
    wanted = select(PublisherAccount).where(PublisherAccount.network == key).order_by(PublisherAccount.id)
    if publisher_ref:
        wanted = wanted.where(PublisherAccount.publisher_ref == publisher_ref)
    accounts = session.scalars(wanted.limit(2)).all()
    if not accounts:
        raise NotFound("publisher account at", key, f"Add it with: affiliate account add {key} PUBLISHER-ID")
    if len(accounts) > 1:
        raise InvalidInput(f"There are several accounts at {key}; name one with --account.")
    return accounts[0]


def add_programme(
    session: Session,
    *,
    network: str,
    advertiser_ref: str,
    name: str,
    hosts: Sequence[str],
    mode: str | None = None,
    rate: str | Decimal | None = None,
    template: str | None = None,
    parameters: dict[str, str] | None = None,
    referrer_policy: str | None = None,
    account_ref: str | None = None,
    now: datetime,
) -> Programme:
    """An advertiser's terms on one network, with the hosts it pays for.

    A programme that an import created as "to be completed" is completed; else Conflict if it is known. The advertiser
    is found by name or made. `rate` is a fraction: 0.08 for 8 %. Terms from which the network's builder cannot make a
    deep link raise CannotBuild; nothing is stored then.
    """
    builder = find_network(network)
    account = find_account(session, network, account_ref)
    if not advertiser_ref.strip():
        raise InvalidInput("The advertiser id is empty; the network shows it on the programme's page.")
    known = session.scalar(
        select(Programme).where(Programme.account_id == account.id, Programme.advertiser_ref == advertiser_ref)
    )
    if known and not known.to_be_completed:
        raise Conflict(f"The programme {advertiser_ref} at {builder.key} is already there: {known.name}.")
    covered = sorted({normalise_host(host) for host in hosts})
    if not covered:
        raise InvalidInput("Name at least one host that the programme pays for, such as --host shop.example.")
    programme = known or Programme(account_id=account.id, advertiser_ref=advertiser_ref, created_at=now)
    programme.network = builder.key
    programme.name = name.strip() or advertiser_ref
    programme.mode = checked_mode(mode or builder.default_mode)
    programme.rate = checked_rate(rate)
    programme.template = template or None
    programme.parameters = parameters or {}
    programme.referrer_policy = checked_referrer_policy(referrer_policy)
    programme.joined = True
    programme.to_be_completed = False
    programme.advertiser = Advertisers(session, builder.key, now=now).of(advertiser_ref, programme.name)
    programme.account = account
    deep_link(terms(programme), f"https://{covered[0]}/")
    session.add(programme)
    session.flush()
    programme.hosts = [ProgrammeHost(programme_id=programme.id, host=host) for host in covered]
    session.flush()
    return programme


def checked_mode(mode: str) -> str:
    if mode not in MODES:
        raise InvalidInput(f"{mode!r} is no mode; there are {', '.join(MODES)}.")
    return mode


def checked_rate(rate: str | Decimal | None) -> Decimal | None:
    if rate is None or rate == "":
        return None
    fraction = exact(rate)
    if not 0 <= fraction <= 1:
        raise InvalidInput(f"The rate {rate} is no fraction; write 0.08 for 8 %.")
    return fraction


def checked_referrer_policy(policy: str | None) -> str | None:
    """None: the usual one."""
    if policy and policy not in REFERRER_POLICIES:
        raise InvalidInput(f"{policy!r} is no referrer policy; there are {', '.join(REFERRER_POLICIES)}.")
    return policy or None


def terms(programme: Programme) -> Terms:
    """What the network's builder may use of a programme."""
    return Terms(
        network=programme.network,
        publisher_ref=programme.account.publisher_ref,
        advertiser_ref=programme.advertiser_ref,
        template=programme.template,
        parameters=programme.parameters,
    )


def is_our_account(session: Session, network: str, publisher_ref: str | None) -> bool | None:
    """Whether a publisher id in somebody's link is ours; None where the link does not say, or we have no account."""
    return account_test(session)(network, publisher_ref)


def account_test(session: Session) -> Callable[[str, str | None], bool | None]:
    """`is_our_account` for many links: our accounts are read once, when it is first asked.

    A code that fuses publisher and programme (`camref:…`) is ours if one of our programmes has it as a parameter; where none
    has, nothing is known.
    """

    @cache
    def ours() -> dict[str, set[str]]:
        known: dict[str, set[str]] = {}
        for key, ref in session.execute(select(PublisherAccount.network, PublisherAccount.publisher_ref)):
            known.setdefault(key, set()).add(ref)
        return known

    @cache
    def codes(network: str) -> set[str]:
        told = session.scalars(select(Programme.parameters).where(Programme.network == network))
        return {_CODE.sub("", str(value)) for parameters in told for value in parameters.values()}

    def is_ours(network: str, publisher_ref: str | None) -> bool | None:
        if publisher_ref is None:
            return None
        code = _CODE.sub("", publisher_ref)
        if code != publisher_ref:
            return code in codes(network) or None
        return publisher_ref in ours()[network] if network in ours() else None

    return is_ours
