import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from affiliate.errors import ChangedMeanwhile, Conflict, InvalidInput, NotFound, TooBusy
from affiliate.store import Store, migrations
from affiliate.store.tables import ApiToken, User, UserSession
from affiliate.web.accounts import (
    ADMIN,
    EDITOR,
    SCOPES,
    NewUser,
    add_token,
    add_user,
    change_password,
    check_password,
    deactivate,
    find_token,
    list_users,
    reactivate,
    reset_password,
    revoke_token,
    set_role,
)
from affiliate.web.passwords import Gate, hashed, made_password
from affiliate.web.passwords import _hasher as real_hasher
from affiliate.web.signed_in import (
    Life,
    Person,
    begin_session,
    end_session,
    end_sessions,
    find_person,
    list_sessions,
    note_use,
    purge_sessions,
)
from tests.conftest import HandClock


def an_editor(store: Store, clock: HandClock, email: str = "ed@magazine.example", password: str = "") -> NewUser:
    chosen = hashed(password) if password else made_password()
    with store.transaction() as session:
        return add_user(session, email=email, role=EDITOR, password=chosen, now=clock())


def signed_in(store: Store, clock: HandClock, user_id: int = 1, device: str = "Firefox on Linux") -> Person:
    with store.transaction() as session:
        return begin_session(session, session.get_one(User, user_id), device=device, now=clock())


def found(store: Store, clock: HandClock, key: str, life: Life = Life()) -> Person | None:  # noqa: B008 - frozen
    with store.reading() as session:
        return find_person(session, key, life=life, now=clock())


def test_a_made_password_is_strong_works_and_is_not_stored(store: Store, clock: HandClock) -> None:
    made = an_editor(store, clock, " Ed@Magazine.Example ")
    assert made.user.email == "ed@magazine.example"
    assert len({made_password().text for _ in range(50)}) == 50
    assert len(made.password) >= 20
    assert made.password not in repr(made)
    with store.reading() as session:
        stored = session.get_one(User, made.user.id)
    assert stored.password_hash.startswith("$argon2id$")
    assert made.password not in stored.password_hash
    verified = check_password(store, email="ED@magazine.example", password=made.password)
    assert verified is not None
    assert verified.user_id == made.user.id
    assert check_password(store, email="ed@magazine.example", password=made.password + "x") is None


def test_an_unknown_user_costs_as_much_effort(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from argon2 import PasswordHasher

    verified: list[str] = []
    real = PasswordHasher.verify

    def counting(self: PasswordHasher, known: str, password: str) -> bool:
        verified.append(known)
        return bool(real(self, known, password))

    monkeypatch.setattr(PasswordHasher, "verify", counting)
    assert check_password(sqlite_store, email="nobody@magazine.example", password="x") is None
    assert len(verified) == 1


def test_no_more_passwords_are_hashed_at_once_than_the_gate_lets_in() -> None:
    gate = Gate(at_once=1, waiting=1, seconds=60)
    inside, outcome = threading.Event(), []

    def second() -> None:
        with gate.entered():
            outcome.append("in")

    with gate.entered():
        waiting = threading.Thread(target=second)
        waiting.start()
        while gate._room._value:  # until it stands before the gate
            inside.wait(0.001)
        with pytest.raises(TooBusy, match="Try again"), gate.entered():
            outcome.append("third")
        assert outcome == []
    waiting.join()
    with gate.entered():
        assert outcome == ["in"]


def test_who_waits_before_the_gate_for_too_long_is_told_so() -> None:
    gate = Gate(at_once=1, waiting=5, seconds=0)
    with gate.entered(), pytest.raises(TooBusy), gate.entered():
        pass
    with gate.entered():
        pass


def test_a_hash_costs_an_attacker_64_mib_and_three_passes() -> None:
    assert real_hasher().hash("x").startswith("$argon2id$v=19$m=65536,t=3,")


@pytest.mark.parametrize(
    "email", ["", "plain", "a@", "@b.example", "a b@c.example", "a@b..example", "x" * 260 + "@b.example"]
)
def test_what_is_no_address_is_refused(sqlite_store: Store, clock: HandClock, email: str) -> None:
    with pytest.raises(InvalidInput, match="no e-mail address"):
        an_editor(sqlite_store, clock, email)


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_what_the_database_cannot_hold_is_a_refusal(
    postgres_url: Callable[[], str], clock: HandClock, name: str
) -> None:
    store = Store(postgres_url())
    migrations.upgrade(store)
    with pytest.raises(InvalidInput, match="too long or too large"), store.transaction() as session:
        add_user(session, email="ed@magazine.example", role=EDITOR, name=name, password=hashed("x"), now=clock())
    store.close()


def test_an_address_has_one_account_and_a_role_that_exists(sqlite_store: Store, clock: HandClock) -> None:
    with sqlite_store.transaction() as session:
        add_user(session, email="ed@magazine.example", role=EDITOR, password=hashed("x"), now=clock())
        with pytest.raises(Conflict, match="account already"):
            add_user(session, email="ED@magazine.example", role=EDITOR, password=hashed("x"), now=clock())
        with pytest.raises(InvalidInput, match="editor, finance, admin"):
            add_user(session, email="b@magazine.example", role="king", password=hashed("x"), now=clock())


def test_the_last_admin_can_neither_step_down_nor_be_switched_off(sqlite_store: Store, clock: HandClock) -> None:
    with sqlite_store.transaction() as session:
        chief = add_user(session, email="chief@magazine.example", role=ADMIN, password=hashed("x"), now=clock()).user
        with pytest.raises(Conflict, match="only admin"):
            set_role(session, user_id=chief.id, role=EDITOR)
        with pytest.raises(Conflict, match="only admin"):
            deactivate(session, user_id=chief.id, now=clock())
        other = add_user(session, email="other@magazine.example", role=ADMIN, password=hashed("x"), now=clock()).user
        deactivate(session, user_id=other.id, now=clock())
        with pytest.raises(Conflict):
            set_role(session, user_id=chief.id, role=EDITOR)
        reactivate(session, user_id=other.id)
        assert set_role(session, user_id=chief.id, role=EDITOR).role == EDITOR
        assert [user.active for user in list_users(session)] == [True, True]


def test_a_session_ends_with_the_password_with_the_account_and_by_hand(store: Store, clock: HandClock) -> None:
    made = an_editor(store, clock, password="an old plain one")
    here, there, elsewhere = (signed_in(store, clock, device=name) for name in ("Firefox", "Safari", "Chrome"))
    assert found(store, clock, here.key) == here
    with store.transaction() as session:
        end_session(session, there.session_id, user_id=made.user.id, now=clock())
    assert found(store, clock, there.key) is None
    with store.transaction() as session:
        assert end_sessions(session, user_id=made.user.id, besides=here.session_id, now=clock()) == 1
    assert found(store, clock, elsewhere.key) is None
    assert found(store, clock, here.key) == here
    with store.transaction() as session:
        reset_password(session, user_id=made.user.id, password=hashed("x"), now=clock())
    assert found(store, clock, here.key) is None
    again = signed_in(store, clock)
    with store.transaction() as session:
        deactivate(session, user_id=made.user.id, now=clock())
    assert found(store, clock, again.key) is None
    with store.transaction() as session:
        reactivate(session, user_id=made.user.id)
    assert found(store, clock, again.key) is None
    for forged in ("", "1", "1.", "x.y", "9999999999999.a", "é", here.key[:-1]):
        assert found(store, clock, forged) is None


def test_nobody_ends_another_users_session(store: Store, clock: HandClock) -> None:
    an_editor(store, clock)
    other = an_editor(store, clock, "other@magazine.example").user
    mine = signed_in(store, clock)
    with store.transaction() as session:
        with pytest.raises(NotFound):
            end_session(session, mine.session_id, user_id=other.id, now=clock())
        assert end_sessions(session, user_id=other.id, now=clock()) == 0
    assert found(store, clock, mine.key) == mine


def test_a_session_lives_while_it_is_used_and_at_most_so_long(store: Store, clock: HandClock) -> None:
    an_editor(store, clock)
    life = Life(idle=timedelta(days=2), longest=timedelta(days=5))
    kept, left = signed_in(store, clock), signed_in(store, clock)
    for _ in range(4):
        clock.forward(days=1)
        with store.transaction() as session:
            note_use(session, kept, now=clock())
    assert found(store, clock, left.key, life) is None
    assert found(store, clock, kept.key, life) is not None
    with store.reading() as session:
        assert [row.id for row in list_sessions(session, 1, life=life, now=clock())] == [kept.session_id]
    clock.forward(days=1)
    assert found(store, clock, kept.key, life) is None


def test_what_ended_is_deleted_a_week_later(store: Store, clock: HandClock) -> None:
    an_editor(store, clock)
    life = Life(idle=timedelta(days=2), longest=timedelta(days=50))
    ended, idle, kept = (signed_in(store, clock) for _ in range(3))
    with store.transaction() as session:
        end_session(session, ended.session_id, user_id=1, now=clock())
    left = []
    for days in (7, 1, 1):
        clock.forward(days=days, seconds=1)
        with store.transaction() as session:
            note_use(session, kept, now=clock())
            left.append(purge_sessions(session, life=life, now=clock()))
    assert left == [1, 0, 1]
    with store.reading() as session:
        assert session.scalars(select(UserSession.id)).all() == [kept.session_id]
    assert idle.session_id != kept.session_id


def test_of_a_session_no_address_and_no_key_is_kept(store: Store, clock: HandClock) -> None:
    an_editor(store, clock)
    person = signed_in(store, clock)
    with store.reading() as session:
        row = session.get_one(UserSession, person.session_id)
    assert person.key not in str(vars(row))
    assert {column.key for column in UserSession.__table__.columns} == {
        "id", "key_sha256", "user_id", "device", "created_at", "seen_at", "ended_at",
    }  # fmt: skip


def test_a_password_that_was_changed_meanwhile_proves_nothing(store: Store, clock: HandClock) -> None:
    made = an_editor(store, clock, password="an old plain one")
    verified = check_password(store, email=made.user.email, password="an old plain one")
    assert verified is not None
    with store.transaction() as session:
        change_password(session, verified, hashed("a new plain one"))
    with pytest.raises(ChangedMeanwhile), store.transaction() as session:
        change_password(session, verified, hashed("a third plain one"))
    assert check_password(store, email=made.user.email, password="a new plain one")


def test_a_token_is_kept_as_a_digest_and_dies_when_revoked(sqlite_store: Store, clock: HandClock) -> None:
    with sqlite_store.transaction() as session:
        made = add_token(session, name="CMS", scopes=["links:read", "articles:write"], now=clock())
        assert made.text not in repr([vars(row) for row in session.query(ApiToken)])
        assert find_token(session, made.text) == made.token
        assert made.token.allows("links:read")
        assert not made.token.allows("reports:read")
        assert find_token(session, made.text.upper()) is None
        revoke_token(session, token_id=made.token.id, now=clock())
        assert find_token(session, made.text) is None


@pytest.mark.parametrize("scopes", [[], ["links:read", "everything"]])
def test_a_token_has_scopes_that_exist(sqlite_store: Store, clock: HandClock, scopes: list[str]) -> None:
    with sqlite_store.transaction() as session, pytest.raises(InvalidInput, match="scope"):
        add_token(session, name="CMS", scopes=scopes, now=clock())


def test_an_admin_token_may_do_everything(sqlite_store: Store, clock: HandClock) -> None:
    with sqlite_store.transaction() as session:
        made = add_token(session, name="chief", scopes=["admin"], now=clock())
        assert all(made.token.allows(scope) for scope in SCOPES)
