"""Time stamps from outside (RFC 3161): somebody else signs that a hash existed at a moment.

What is stamped is the text of a record's hash, 64 characters; it covers all records before it. With the answer (.tsr) and
that text, `openssl ts -verify -data head.txt -in stamp.tsr -CAfile roots.pem` verifies it without us.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import requests

from affiliate.disclosure.evidence import queries
from affiliate.disclosure.evidence.records import without_credentials
from affiliate.errors import InvalidInput, NotFound, Unreachable
from affiliate.networks.http import failure, guarded_session
from affiliate.store import Store
from affiliate.store.tables import EvidenceStamp
from affiliate.urls import parse_web_url

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

_SECONDS = 20.0
_CERTIFICATES = 0xA0  # the tag [0], among the fields of SignedData (RFC 5652 §5.1)
_LARGEST = 100_000  # bytes; an answer with its certificates has about 6 kB


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a stamp says. `signer` is the name in its certificate; that the signature is theirs is known only of a `trusted`
    one, which a given root vouches for."""

    at: datetime
    signer: str
    trusted: bool

    def __str__(self) -> str:
        trust = "" if self.trusted else " (the signature was not verified: no root certificate was given)"
        return f"stamped {self.at.isoformat(timespec='seconds')} by {self.signer}{trust}"


@dataclass(frozen=True, slots=True)
class Stamped:
    number: int
    hash: str
    stamp: Stamp
    new: bool  # False: this record had a stamp of this authority already


def stamp_head(store: Store, authority: str, *, roots: Sequence[bytes] = ()) -> Stamped:
    """Has an authority stamp the newest record, unless it did. NotFound without a record; Unreachable or InvalidInput where no
    good stamp came back: nothing is stored then. The authority is an administrator's choice and may be in our own network."""
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder  # cryptography comes with it: 0.1 s

    with store.reading() as session:
        head = queries.head(session)
        if head is None:
            raise NotFound("record", 1, "Check a page first: there is nothing to stamp.")
        held = queries.stamp_of(session, head.number, _shown(authority))
    if held is not None:
        return Stamped(held.number, held.hash, read_stamp(held.token, held.hash, roots), new=False)
    request = TimestampRequestBuilder().data(head.hash.encode()).hash_algorithm(HashAlgorithm.SHA256).build()
    token = _ask(authority, request.as_bytes())
    stamp = read_stamp(token, head.hash, roots, nonce=request.nonce)
    with store.transaction() as session:
        session.add(
            EvidenceStamp(
                number=head.number, hash=head.hash, authority=_shown(authority), token=token, stamped_at=stamp.at
            )
        )
    return Stamped(head.number, head.hash, stamp, new=True)


def read_stamp(token: bytes, hash_: str, roots: Sequence[bytes] = (), *, nonce: int | None = None) -> Stamp:
    """What a stamp (the authority's whole answer, DER) says of a hash. InvalidInput if it is none or covers something else;
    with `roots` (PEM or DER) also if none of them vouches for its signature, which is not verified without any."""
    from cryptography import x509
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    try:
        answer = decode_timestamp_response(_in_order(token))
        certificates = [x509.load_der_x509_certificate(each) for each in answer.signed_data.certificates]
        trusted = [certificate for root in roots for certificate in _certificates(root)]
        if trusted:  # never the certificates of the answer: the library trusts all that it is given
            VerifierBuilder(nonce=nonce, roots=trusted).build().verify_message(answer, hash_.encode())
        elif answer.tst_info.message_imprint.message != sha256(hash_.encode()).digest():
            raise InvalidInput("it covers something else.")
        elif nonce is not None and answer.tst_info.nonce != nonce:
            raise InvalidInput("it answers another question.")
        return Stamp(answer.tst_info.gen_time, _signer(answer, certificates), bool(trusted))
    except (VerificationError, ValueError, TypeError) as problem:
        raise InvalidInput(f"{problem}.") from problem


def _in_order(token: bytes) -> bytes:
    """The answer with its certificates in the order that DER wants of a set (X.690 §11.6): authorities that run OpenSSL send
    them as they come, the library wants them sorted, and no signature covers their order. What is no answer stays as it is;
    the library says so."""
    try:
        resp = next(_parts(token, 0, len(token)))
        _, wrapped = _parts(token, *resp[1:])
        _, explicit = list(_parts(token, *wrapped[1:]))[:2]
        signed = next(_parts(token, *explicit[1:]))
        inside = list(_parts(token, *signed[1:]))
        start, end = next((first, last) for at, first, last in inside if token[at] == _CERTIFICATES)
    except (StopIteration, ValueError, IndexError):
        return token
    ordered = b"".join(sorted(token[at:last] for at, _, last in _parts(token, start, end)))
    return token[:start] + ordered + token[end:]


def _parts(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The elements between two places: where each begins, and where its content begins and ends. IndexError at the end of the
    data, ValueError for one that is longer than what is around it."""
    while start < end:
        length, at = data[start + 1], start + 2
        if length > 0x80:
            at += length - 0x80
            length = int.from_bytes(data[start + 2 : at])
        if at + length > end:
            raise ValueError(start)
        yield start, at, at + length
        start = at + length


def _signer(answer: "TimeStampResponse", certificates: "Sequence[Certificate]") -> str:
    signers = {(each.issuer.rfc4514_string(), each.serial_number) for each in answer.signed_data.signer_infos}
    names = [one.subject for one in certificates if (one.issuer.rfc4514_string(), one.serial_number) in signers]
    return names[0].rfc4514_string() if names else "somebody without a certificate"


def _certificates(content: bytes) -> "list[Certificate]":
    """ValueError for what is neither PEM nor DER."""
    from cryptography import x509

    if b"-----BEGIN" in content:
        return x509.load_pem_x509_certificates(content)
    return [x509.load_der_x509_certificate(content)]


def _ask(authority: str, request: bytes) -> bytes:
    url = parse_web_url(authority)
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    try:
        with (
            guarded_session(lambda _address, _port: True, _SECONDS) as (asking, _),
            asking.post(
                url.text, request, headers=headers, timeout=_SECONDS, stream=True, allow_redirects=False
            ) as answer,
        ):
            content = answer.raw.read(_LARGEST + 1)
            status = answer.status_code
    except (requests.RequestException, OSError) as problem:
        raise failure(url.host, problem) from problem
    if status != requests.codes.ok:
        raise Unreachable(url.host, f"it answered {status} instead of a time stamp.")
    if len(content) > _LARGEST:
        raise Unreachable(url.host, f"its answer is larger than {_LARGEST:,} bytes.")
    return bytes(content)


def _shown(authority: str) -> str:
    """Without credentials and query, which may hold a key."""
    return without_credentials(authority).partition("?")[0]
