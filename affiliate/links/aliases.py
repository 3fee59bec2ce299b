"""Advertisers under a second number: a network closed, and its programmes went on at another one under new numbers.

An alias says that network A's number is the advertiser whom we know as network B's number. Rows that name it are booked
under that advertiser, and what was booked before is joined with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session, joinedload

from affiliate.errors import InvalidInput, NotFound
from affiliate.networks.registry import network as find_network
from affiliate.store.tables import Advertiser, AdvertiserAlias, Link, Product, Programme


@dataclass(frozen=True, slots=True)
class AliasView:
    """`advertiser` is the name of whom the number means; `programmes` how many programmes of ours have that number."""

    network: str
    advertiser_ref: str
    advertiser: str
    programmes: int

    def as_json(self) -> dict[str, object]:
        return {
            "network": self.network,
            "advertiser_id": self.advertiser_ref,
            "advertiser": self.advertiser,
            "programmes": self.programmes,
        }


def advertiser_by_alias(session: Session, network: str, advertiser_ref: str) -> int | None:
    """The id of the advertiser that this number is another name for; None where it is none."""
    return session.scalar(
        select(AdvertiserAlias.advertiser_id).where(
            AdvertiserAlias.network == network, AdvertiserAlias.advertiser_ref == advertiser_ref
        )
    )


class Advertisers:
    """Who is behind one network's numbers; all are read when this is made, for lists of thousands of programmes."""

    def __init__(self, session: Session, network: str, *, now: datetime) -> None:
        self._session = session
        self._now = now
        aliases = select(AdvertiserAlias).where(AdvertiserAlias.network == network)
        self._aliases = {
            alias.advertiser_ref: alias.advertiser
            for alias in session.scalars(aliases.options(joinedload(AdvertiserAlias.advertiser)))
        }
        newest_first = session.scalars(select(Advertiser).order_by(Advertiser.id.desc()))
        self._named = {advertiser.name: advertiser for advertiser in newest_first}  # of several the oldest stays

    def of(self, advertiser_ref: str, name: str) -> Advertiser:
        """By alias, else by name, else a new one."""
        known = self._aliases.get(advertiser_ref) or self._named.get(name)
        if known is None:
            known = self._named[name] = Advertiser(name=name, created_at=self._now)
            self._session.add(known)
        return known


def add_alias(
    session: Session, *, network: str, advertiser_ref: str, to_network: str, to_advertiser_ref: str, now: datetime
) -> AliasView:
    """Says that `network`'s number is the advertiser of a programme that we have. Programmes of that number that an import
    made join them, with their links. Again with another target: it means that one from now on. NotFound where no
    programme has the target's number, InvalidInput for a number that would be its own alias; nothing is stored then."""
    key, ref = find_network(network).key, advertiser_ref.strip()
    to_key, to_ref = find_network(to_network).key, to_advertiser_ref.strip()
    if not ref:
        raise InvalidInput("The advertiser id is empty.")
    if (key, ref) == (to_key, to_ref):
        raise InvalidInput(f"{ref} at {key} is that number already; name the number that it has now.")
    advertiser_id = _advertiser_with(session, to_key, to_ref)
    alias = session.get(AdvertiserAlias, (key, ref)) or AdvertiserAlias(network=key, advertiser_ref=ref, added_at=now)
    alias.advertiser_id = advertiser_id
    session.add(alias)
    session.flush()
    session.refresh(alias, ["advertiser"])
    _move(session, key, ref, lambda _programme: advertiser_id)
    return _view(session, alias)


def remove_alias(session: Session, *, network: str, advertiser_ref: str, now: datetime) -> None:
    """Takes an alias back; programmes of that number are their own advertiser again, by their name."""
    key = find_network(network).key
    alias = session.get(AdvertiserAlias, (key, advertiser_ref))
    if alias is None:
        raise NotFound("alias of", f"{advertiser_ref} at {key}", "See them with: affiliate advertiser aliases")
    session.delete(alias)
    session.flush()
    advertisers = Advertisers(session, key, now=now)

    def own(programme: Programme) -> int:
        advertiser = advertisers.of(advertiser_ref, programme.name)
        session.flush()
        return advertiser.id

    _move(session, key, advertiser_ref, own)


def list_aliases(session: Session) -> list[AliasView]:
    wanted = select(AdvertiserAlias).options(joinedload(AdvertiserAlias.advertiser))
    ordered = wanted.order_by(AdvertiserAlias.network, AdvertiserAlias.advertiser_ref)
    return [_view(session, alias) for alias in session.scalars(ordered)]


def _advertiser_with(session: Session, network: str, advertiser_ref: str) -> int:
    wanted = select(Programme.advertiser_id).where(*_numbered(network, advertiser_ref)).order_by(Programme.id).limit(1)
    found = session.scalar(wanted)
    if found is None:
        raise NotFound(
            "programme",
            f"{advertiser_ref} at {network}",
            f"Add it first with: affiliate programme add --network {network} --advertiser-id {advertiser_ref}",
        )
    return found


def _move(session: Session, network: str, advertiser_ref: str, to: Callable[[Programme], int]) -> None:
    """Gives the programmes of a number, and the products of their links, the advertiser that `to` names."""
    for programme in session.scalars(select(Programme).where(*_numbered(network, advertiser_ref))):
        programme.advertiser_id = to(programme)
        products = select(Link.product_id).where(Link.programme_id == programme.id)
        session.execute(
            update(Product).where(Product.id.in_(products)).values(advertiser_id=programme.advertiser_id),
            execution_options={"synchronize_session": False},
        )
    session.flush()
    session.expire_all()


def _numbered(network: str, advertiser_ref: str) -> tuple[ColumnElement[bool], ...]:
    return Programme.network == network, Programme.advertiser_ref == advertiser_ref


def _view(session: Session, alias: AdvertiserAlias) -> AliasView:
    numbered = select(func.count()).where(*_numbered(alias.network, alias.advertiser_ref))
    return AliasView(alias.network, alias.advertiser_ref, alias.advertiser.name, session.scalar(numbered) or 0)
