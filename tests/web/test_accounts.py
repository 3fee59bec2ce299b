from collections.abc import Callable

import pytest

from affiliate.errors import Conflict, InvalidInput, NotAllowed
from affiliate.store import Store, migrations
from affiliate.store.tables import ApiToken, User
from affiliate.web.accounts import (
    ADMIN,
    EDITOR,
    SCOPES,
    add_token,
    add_user,
    change_password,
    check_password,
    deactivate,
    find_person,
    find_token,
    list_users,
    new_password,
    reactivate,
    reset_password,
    revoke_token,
    set_role,
)
from affiliate.web.accounts import _hasher as real_hasher
from tests.conftest import HandClock


def test_a_made_password_is_strong_works_and_is_not_stored(store: Store, clock: HandClock) -> None:
    with store.transaction() as session:
        made = add_user(session, email=" Ed@Magazine.Example ", role=EDITOR, now=clock())
        assert made.user.email == "ed@magazine.example"
        assert len({new_password() for _ in range(50)}) == 50
        assert len(made.password) >= 20
        stored = session.get_one(User, made.user.id)
        assert stored.password_hash.startswith("$argon2id$")
        assert made.password not in stored.password_hash
        person = check_password(session, email="ED@magazine.example", password=made.password, now=clock())
        assert person == made.user
        assert check_password(session, email="ed@magazine.example", password=made.password + "x", now=clock()) is None


def test_an_unknown_user_costs_as_much_effort(
    sqlite_store: Store, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from argon2 import PasswordHasher

    verified: list[str] = []
    real = PasswordHasher.verify

    def counting(self: PasswordHasher, known: str, password: str) -> bool:
        verified.append(known)
        return bool(real(self, known, password))

    monkeypatch.setattr(PasswordHasher, "verify", counting)
    with sqlite_store.transaction() as session:
        assert check_password(session, email="nobody@magazine.example", password="x", now=clock()) is None
    assert len(verified) == 1


def test_a_hash_costs_an_attacker_64_mib_and_three_passes() -> None:
    assert real_hasher().hash("x").startswith("$argon2id$v=19$m=65536,t=3,")


@pytest.mark.parametrize(
    "email", ["", "plain", "a@", "@b.example", "a b@c.example", "a@b..example", "x" * 260 + "@b.example"]
)
def test_what_is_no_address_is_refused(sqlite_store: Store, clock: HandClock, email: str) -> None:
    with sqlite_store.transaction() as session, pytest.raises(InvalidInput, match="no e-mail address"):
        add_user(session, email=email, role=EDITOR, now=clock())


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_what_the_database_cannot_hold_is_a_refusal(
    postgres_url: Callable[[], str], clock: HandClock, name: str
) -> None:
    store = Store(postgres_url())
    migrations.upgrade(store)
    with pytest.raises(InvalidInput, match="too long or too large"), store.transaction() as session:
        add_user(session, email="ed@magazine.example", role=EDITOR, name=name, now=clock())
    store.close()


def test_an_address_has_one_account_and_a_role_that_exists(sqlite_store: Store, clock: HandClock) -> None:
    with sqlite_store.transaction() as session:
        add_user(session, email="ed@magazine.example", role=EDITOR, now=clock())
        with pytest.raises(Conflict, match="account already"):
            add_user(session, email="ED@magazine.example", role=EDITOR, now=clock())
        with pytest.raises(InvalidInput, match="editor, finance, admin"):
            add_user(session, email="b@magazine.example", role="king", now=clock())


def test_the_last_admin_can_neither_step_down_nor_be_switched_off(sqlite_store: Store, clock: HandClock) -> None:
    with sqlite_store.transaction() as session:
        chief = add_user(session, email="chief@magazine.example", role=ADMIN, now=clock()).user
        with pytest.raises(Conflict, match="only admin"):
            set_role(session, user_id=chief.id, role=EDITOR)
        with pytest.raises(Conflict, match="only admin"):
            deactivate(session, user_id=chief.id)
        other = add_user(session, email="other@magazine.example", role=ADMIN, now=clock()).user
        deactivate(session, user_id=other.id)
        with pytest.raises(Conflict):
            set_role(session, user_id=chief.id, role=EDITOR)
        reactivate(session, user_id=other.id)
        assert set_role(session, user_id=chief.id, role=EDITOR).role == EDITOR
        assert [user.active for user in list_users(session)] == [True, True]


def test_an_old_cookie_dies_with_the_password_and_with_the_account(sqlite_store: Store, clock: HandClock) -> None:
    with sqlite_store.transaction() as session:
        made = add_user(session, email="ed@magazine.example", role=EDITOR, now=clock())
        cookie = made.user.get_id()
        assert find_person(session, cookie) == made.user
        with pytest.raises(NotAllowed):
            change_password(session, user_id=made.user.id, current="wrong", wanted="a new plain one", now=clock())
        assert find_person(session, cookie) == made.user
        changed = change_password(
            session, user_id=made.user.id, current=made.password, wanted="a new plain one", now=clock()
        )
        assert find_person(session, cookie) is None
        assert find_person(session, changed.get_id()) == changed
        fresh = reset_password(session, user_id=made.user.id)
        assert find_person(session, changed.get_id()) is None
        deactivate(session, user_id=made.user.id)
        assert find_person(session, fresh.user.get_id()) is None
        reactivate(session, user_id=made.user.id)
        assert find_person(session, fresh.user.get_id()) is None
        for forged in ("", "1", "1.", "x.y", "9999999999999.a", f"{made.user.id}.é"):
            assert find_person(session, forged) is None


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
