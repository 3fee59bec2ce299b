"""The real server, asked by nobody's browser: never a 500, never an address that is not the link's, and still there."""

from urllib.parse import unquote

from sqlalchemy import select

from affiliate.redirect.segments import read_segment, segments
from affiliate.store.tables import Link, LinkPath, Placement
from tests.redirect.hostile import hostile, lies, location_of, request, sent, status_of
from tests.serve.conftest import Server


def test_no_hostile_request_breaks_the_server_or_leads_elsewhere(server: Server) -> None:
    server.environment["AFFILIATE_SERVER__TRUSTED_PROXIES"] = '["127.0.0.0/8"]'
    server.start()
    path = server.paths[0]
    with server.store.reading() as session:
        link = session.scalars(select(Link).join(LinkPath).where(LinkPath.path == path)).one()
        token = session.scalars(select(Placement.token).where(Placement.link_id == link.id)).one()
        target = link.target_url
    address = "127.0.0.1", server.port
    stored = location_of(sent(address, request(path.encode())))
    assert token in stored
    assert target in unquote(stored)
    for wrong, raw in hostile(path.removeprefix("/go/"), token).items():
        answer = sent(address, raw)
        assert status_of(answer) < 500, (wrong, answer[:300])
        assert location_of(answer) in ("", stored), wrong
        assert b"evil" not in answer.partition(b"\r\n\r\n")[0], wrong
    assert location_of(sent(address, request(path.encode()))) == stored
    assert "Traceback" not in server.log.read_text()
    assert "panicked" not in server.log.read_text()


def test_of_several_forwarded_lines_the_last_one_counts(server: Server) -> None:
    server.environment["AFFILIATE_SERVER__TRUSTED_PROXIES"] = '["127.0.0.0/8"]'
    server.start()
    lines = lies(b"8.8.8.8", b"81.2.69.142")  # the reader's own lie, and what a proxy adds as a line of its own
    sent(("127.0.0.1", server.port), request(server.paths[0].encode(), *lines))
    records = [each.record() for path in segments(server.journal) for each in read_segment(path).records]
    assert [click.country for click in records] == ["GB"]
