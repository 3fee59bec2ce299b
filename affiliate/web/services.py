"""What the pages and the API work with, handed in by the composition root: nothing here reads configuration."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

from flask import current_app, request

from affiliate.articles.policy import Policy
from affiliate.clock import Clock
from affiliate.commissions.health import nobodys
from affiliate.commissions.postbacks import NO_SECRETS, Secrets
from affiliate.store import Store
from affiliate.web.signed_in import Life

_KEY = "affiliate"


@dataclass(frozen=True, slots=True)
class Services:
    """`publish` brings these links (by id) into this node's link table before it returns; `publish_hosts`
    the hosts of all sites. `session_key` signs log-in cookies. `has_credentials` says of a network and our id there whether
    its API could be asked, `postback_secrets` what its messages are proven with. `client_of` says whose a request is, of the peer's
    address and X-Forwarded-For. `life` is that of a session; `request_seconds` is how long a request may take."""

    store: Store
    clock: Clock
    publish: Callable[[Sequence[int]], None]
    publish_hosts: Callable[[], object]
    session_key: str
    secure_cookies: bool = False
    policy: Policy = field(default_factory=Policy)
    has_credentials: Callable[[str, str], bool] = nobodys
    postback_secrets: Callable[[str, str], Secrets] = lambda _network, _publisher_ref: NO_SECRETS
    client_of: Callable[[str, str], str] = lambda peer, _forwarded_for: peer
    life: Life = field(default_factory=Life)
    request_seconds: float = 30.0


def install(app: object, given: Services) -> None:
    app.extensions[_KEY] = given  # type: ignore[attr-defined] # Flask's own place for this


def services() -> Services:
    """The services of the application that answers this request."""
    return cast("Services", current_app.extensions[_KEY])


def client_address() -> str:
    """The address of the client that sent this request, behind the proxies that are ours."""
    return services().client_of(request.remote_addr or "", request.headers.get("X-Forwarded-For", ""))
