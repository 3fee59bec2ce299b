"""Time stamps from outside, by an authority on this machine: openssl, as many real ones run it."""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import delete, select, update
from werkzeug import Request, Response

from affiliate.disclosure.evidence.stamps import read_stamp, stamp_head
from affiliate.disclosure.evidence.verifying import Verified, verify
from affiliate.errors import InvalidInput, NotFound, Unreachable
from affiliate.store import Store
from affiliate.store.tables import ArticleVerdict, EvidenceStamp, PageCheck
from tests.disclosure.evidence.made_up import check_in, filled

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is the stamping authority here")

_CONFIG = """
[req]
distinguished_name = name
prompt = no
[name]
CN = Stamps & Sons
[v3_tsa]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = critical, timeStamping
keyUsage = critical, digitalSignature
[v3_ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[tsa]
default_tsa = authority
[authority]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem

certs = {folder}/root.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Authority:
    """A root and a stamping certificate of its own; answers queries."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        (folder / "serial").write_text("01\n")
        (folder / "openssl.cnf").write_text(_CONFIG.format(folder=folder))
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        root = ("-x509", "-keyout", "root.key", "-out", "root.pem", "-days", "3650", "-extensions", "v3_ca")
        self._run("req", *key, *root, "-subj", "/CN=Root of stamps")
        self._run("req", *key, "-keyout", "tsa.key", "-out", "tsa.csr")
        signed = ("-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "3650")
        extensions = ("-extfile", "openssl.cnf", "-extensions", "v3_tsa")
        subprocess.run(
            ["openssl", "x509", "-req", "-in", "tsa.csr", "-out", "tsa.pem", *signed, *extensions],
            cwd=folder,
            check=True,
            capture_output=True,
        )

    @property
    def root(self) -> bytes:
        return (self.folder / "root.pem").read_bytes()

    def _run(self, command: str, *arguments: str) -> None:
        subprocess.run(
            ["openssl", command, *arguments, "-config", "openssl.cnf"], cwd=self.folder, check=True, capture_output=True
        )

    def answer(self, request: Request) -> Response:
        assert request.content_type == "application/timestamp-query"
        (self.folder / "query.tsq").write_bytes(request.data)
        self._run("ts", "-reply", "-queryfile", "query.tsq", "-out", "answer.tsr")
        return Response((self.folder / "answer.tsr").read_bytes(), content_type="application/timestamp-reply")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority") / "tsa")


@pytest.fixture
def address(httpserver: HTTPServer, authority: Authority) -> str:
    httpserver.expect_request("/tsr", method="POST").respond_with_handler(authority.answer)
    return httpserver.url_for("/tsr").replace("localhost", "127.0.0.1") + "?key=secret"


def verified(store: Store, *roots: bytes) -> Verified:
    with store.reading() as session:
        return verify(session, roots=roots)


def test_the_newest_record_is_stamped_and_the_stamp_verified(
    sqlite_store: Store, address: str, authority: Authority, tmp_path: Path
) -> None:
    filled(sqlite_store)
    stamped = stamp_head(sqlite_store, address, roots=[authority.root])
    assert (stamped.number, stamped.new, stamped.stamp.signer) == (8, True, "CN=Stamps & Sons")
    found = verified(sqlite_store, authority.root)
    assert found.is_whole
    assert found.stamped == 8
    assert "by CN=Stamps & Sons" in found.stamps[0]
    assert any("records 1 to 8" in each for each in found.proves)
    with sqlite_store.reading() as session:
        kept = session.scalars(select(EvidenceStamp)).one()
    assert "secret" not in kept.authority
    # as docs and README tell an auditor to do it
    (tmp_path / "head.txt").write_text(kept.hash)
    (tmp_path / "stamp.tsr").write_bytes(kept.token)
    files = ["-data", str(tmp_path / "head.txt"), "-in", str(tmp_path / "stamp.tsr")]
    command = ["openssl", "ts", "-verify", *files, "-CAfile", str(authority.folder / "root.pem")]
    assert "Verification: OK" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_certificates_may_come_in_any_order(sqlite_store: Store, address: str, authority: Authority) -> None:
    filled(sqlite_store, 1)
    stamp_head(sqlite_store, address)
    with sqlite_store.reading() as session:
        kept = session.scalars(select(EvidenceStamp)).one()
    ders = [ssl.PEM_cert_to_DER_cert((authority.folder / name).read_text()) for name in ("tsa.pem", "root.pem")]
    both, other_way = b"".join(ders), b"".join(reversed(ders))
    assert (both in kept.token) != (other_way in kept.token)
    for order in (both, other_way):
        token = kept.token.replace(both, order).replace(other_way, order)
        assert read_stamp(token, kept.hash, [authority.root]).trusted


@pytest.mark.parametrize("cut", [0, 1, 10, 100, 900])
def test_a_stamp_that_was_cut_off_is_no_stamp(sqlite_store: Store, address: str, cut: int) -> None:
    filled(sqlite_store, 1)
    stamp_head(sqlite_store, address)
    with sqlite_store.reading() as session:
        kept = session.scalars(select(EvidenceStamp)).one()
    with pytest.raises(InvalidInput):
        read_stamp(kept.token[:cut], kept.hash)


def test_a_record_is_stamped_once_by_an_authority(sqlite_store: Store, address: str) -> None:
    filled(sqlite_store)
    stamp_head(sqlite_store, address)
    assert not stamp_head(sqlite_store, address).new
    with sqlite_store.transaction() as session:
        check_in(session)
    assert stamp_head(sqlite_store, address).number == 9


def test_without_a_root_it_is_said_that_the_signature_was_not_verified(sqlite_store: Store, address: str) -> None:
    filled(sqlite_store)
    stamp_head(sqlite_store, address)
    assert "the signature was not verified" in verified(sqlite_store).stamps[0]


def test_another_authoritys_root_does_not_vouch_for_a_stamp(sqlite_store: Store, address: str, tmp_path: Path) -> None:
    filled(sqlite_store)
    stamp_head(sqlite_store, address)
    found = verified(sqlite_store, Authority(tmp_path / "other").root)
    assert not found.is_whole
    assert found.first_broken == 8
    assert found.stamped == 0


def test_a_chain_that_was_written_anew_does_not_fit_its_stamp(sqlite_store: Store, address: str) -> None:
    filled(sqlite_store)
    stamp_head(sqlite_store, address)
    with sqlite_store.transaction() as session:
        session.execute(delete(ArticleVerdict))
        session.execute(delete(PageCheck).where(PageCheck.number == 8))
        check_in(session)
    found = verified(sqlite_store)
    assert found.first_broken == 8
    assert "covers another hash" in found.problems[0].says


def test_a_tail_that_was_cut_off_is_seen_by_its_stamp(sqlite_store: Store, address: str) -> None:
    filled(sqlite_store)
    stamp_head(sqlite_store, address)
    with sqlite_store.transaction() as session:
        session.execute(delete(ArticleVerdict))
        session.execute(delete(PageCheck).where(PageCheck.number > 6))
    found = verified(sqlite_store)
    assert "was cut off" in found.problems[0].says


def test_a_stamp_that_was_moved_to_another_hash_is_found(sqlite_store: Store, address: str) -> None:
    filled(sqlite_store)
    stamp_head(sqlite_store, address)
    with sqlite_store.transaction() as session:
        other = session.scalars(select(PageCheck.hash).where(PageCheck.number == 5)).one()
        session.execute(update(EvidenceStamp).values(number=5, hash=other))
    assert "covers something else" in verified(sqlite_store).problems[0].says


@pytest.mark.parametrize(
    ("status", "body"), [(500, b""), (200, b"<html>no stamp</html>"), (200, b""), (200, b"0" * 200_000), (302, b"")]
)
def test_an_answer_that_is_no_stamp_stores_nothing(
    sqlite_store: Store, httpserver: HTTPServer, status: int, body: bytes
) -> None:
    filled(sqlite_store, 1)
    httpserver.expect_request("/tsr").respond_with_data(body, status=status)
    with pytest.raises((InvalidInput, Unreachable)):
        stamp_head(sqlite_store, httpserver.url_for("/tsr").replace("localhost", "127.0.0.1"))
    with sqlite_store.reading() as session:
        assert session.scalars(select(EvidenceStamp)).first() is None


def test_an_empty_chain_has_nothing_to_stamp(sqlite_store: Store) -> None:
    with pytest.raises(NotFound):
        stamp_head(sqlite_store, "https://tsa.example/")
