"""Saved column maps."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from affiliate.commissions.maps import find_map, list_maps, save_map
from affiliate.errors import AffiliateError, InvalidInput, NotFound, SettingsInvalid, UnreadableFile
from affiliate.networks.reading.columns import ColumnMap
from affiliate.store import Store
from tests.commissions.sheets import MAP

NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)


def test_a_map_is_saved_found_listed_and_replaced(store: Store) -> None:
    with store.transaction() as session:
        save_map(session, "daily", MAP, now=NOW)
        save_map(session, "daily", {**MAP, "decimal": ","}, now=NOW)
    with store.reading() as session:
        assert find_map(session, "daily").decimal == ","
        assert [known.name for known in list_maps(session)] == ["daily"]


def test_an_unknown_map_names_the_known_ones(sqlite_store: Store) -> None:
    with sqlite_store.transaction() as session:
        save_map(session, "daily", MAP, now=NOW)
        with pytest.raises(NotFound, match=r"column map weekly.*daily"):
            find_map(session, "weekly")


def test_a_map_is_read_from_toml_and_json(sqlite_store: Store, tmp_path: Path) -> None:
    toml, plain = tmp_path / "map.toml", tmp_path / "map.json"
    toml.write_text("".join(f'"{name}" = "{header}"\n' for name, header in MAP.items()))
    plain.write_text(json.dumps(MAP))
    with sqlite_store.reading() as session:
        assert find_map(session, str(toml)) == find_map(session, str(plain)) == ColumnMap.parse(MAP)


@pytest.mark.parametrize("content", ["[", "[1]", "{}", "\x00"])
def test_a_file_that_is_no_map_is_refused(sqlite_store: Store, tmp_path: Path, content: str) -> None:
    for name in ("map.toml", "map.json"):
        file = tmp_path / name
        file.write_text(content)
        with sqlite_store.reading() as session, pytest.raises(AffiliateError, match=name):
            find_map(session, str(file))


def test_a_missing_file_and_a_bad_name_are_refused(sqlite_store: Store) -> None:
    with sqlite_store.transaction() as session:
        with pytest.raises(UnreadableFile, match="No such file"):
            find_map(session, "nowhere.toml")
        with pytest.raises(InvalidInput, match="no name"):
            save_map(session, "map.toml", MAP, now=NOW)
        with pytest.raises(SettingsInvalid, match="external_id is missing"):
            save_map(session, "daily", {"advertiser": "shop"}, now=NOW)
