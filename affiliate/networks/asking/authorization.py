"""How we show a network who we are: a name and a key, or a token that it gives out for a while."""

import io
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from affiliate.errors import Unreachable, UnreadableFile
from affiliate.networks.asking.api import Answer
from affiliate.networks.reading.rows import json_document


def basic(name: str, key: str) -> Mapping[str, str]:
    """The header of HTTP Basic (RFC 7617)."""
    return {"Authorization": f"Basic {b64encode(f'{name}:{key}'.encode()).decode()}"}


def bearer(token: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {token}"}


@dataclass
class Token:
    """A token that is given out for a while: asked for when it is first needed, and anew, once for a request, where the
    network answers 401 because it has run out."""

    ask: Callable[[], Answer]
    report: str
    _value: str | None = field(default=None, init=False, repr=False)

    def send(self, request: Callable[[str], Answer]) -> Answer:
        """The answer to a request that is given the token; Unreachable, also where a new token is refused as well."""
        if self._value is None:
            return request(self._new())
        try:
            return request(self._value)
        except Unreachable as problem:
            if problem.status != 401:
                raise
        return request(self._new())

    def _new(self) -> str:
        answered = json_document(io.BytesIO(self.ask().content), self.report)
        value = answered.get("access_token") if isinstance(answered, dict) else None
        if not isinstance(value, str) or not value:
            raise UnreadableFile(self.report, "the network took the credentials but gave no token.")
        self._value = value
        return value
