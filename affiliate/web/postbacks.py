"""Networks' messages: open without log-in, each let in by its own proof."""

import logging
from datetime import timedelta
from typing import Any

from flask import abort, current_app, request

from affiliate.commissions.postbacks import LARGEST, prove, read_message, receive
from affiliate.commissions.postbacks.proof import HEADER
from affiliate.errors import NotSigned
from affiliate.networks.registry import network as find_network
from affiliate.web.access import Signed
from affiliate.web.services import services
from affiliate.web.throttle import Throttle

door = Signed("postbacks", __name__, url_prefix="/api/v1/postback")

_A_MINUTE = timedelta(minutes=1)
_MOST = (
    1200  # messages of one account a minute and process; the busiest day of a large publisher has ten sales a second
)
_TOLD = 10  # refusals a minute that are logged
_KINDS = ("", "application/json", "application/x-www-form-urlencoded")

_LOG = logging.getLogger(__name__)


def new_throttles() -> dict[str, Throttle]:
    return {"messages": Throttle(_MOST, _A_MINUTE), "refusals": Throttle(_TOLD, _A_MINUTE)}


@door.post("/<network>")
def send(network: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    """202 for a message that is kept and will be booked, 200 for one that is known. Our id at the network stands in the
    address as `account`."""
    given, now = services(), services().clock()
    request.max_content_length = LARGEST + 1  # a body of unknown length is cut off there
    body = request.get_data()
    if len(body) > LARGEST:
        abort(413)
    found = find_network(network)
    account = request.args.get("account", "")
    fields = [(name, value) for name, value in request.args.items(multi=True) if name not in ("account", "key")]
    content = body or "\n".join(f"{name}={value}" for name, value in sorted(fields)).encode("utf-8", "backslashreplace")
    try:
        proof = prove(
            content,
            given.postback_secrets(found.key, account),
            signature=request.headers.get(HEADER),
            key=request.args.get("key"),
            of=(found.key, account),
            now=now,
        )
    except NotSigned as problem:
        _tell(f"{found.key} {account[:80]!r}", problem)
        raise
    throttle = _throttles()["messages"]
    who = f"{found.key} {account}"
    if wait := throttle.wait(who, now):
        said = {"code": "TooManyRequests", "message": "This account sends too many messages; send them again later."}
        return {"error": said}, 429, {"Retry-After": str(int(wait.total_seconds()) + 1)}
    throttle.failed(who, now)
    if body and request.mimetype not in _KINDS and not request.is_json:
        abort(415, "Send the message as JSON or as a form.")
    message = read_message(body, request.mimetype, fields)
    with given.store.transaction() as session:
        is_new = receive(session, found, account, message, proof, now=now)
    return {"status": "received" if is_new else "known"}, 202 if is_new else 200, {"Cache-Control": "no-store"}


def _tell(whose: str, problem: NotSigned) -> None:
    """Whoever set up a sender looks for this line; a flood of wrong messages must not fill the log."""
    throttle, now = _throttles()["refusals"], services().clock()
    if throttle.wait("", now) is None:
        throttle.failed("", now)
        _LOG.warning("a message for %s was refused: %s", whose, problem.reason)


def _throttles() -> dict[str, Throttle]:
    found: dict[str, Throttle] = current_app.extensions["affiliate.postbacks"]
    return found
