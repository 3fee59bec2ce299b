"""What the privacy page promises is what the product does."""

import re
import tomllib
from datetime import timedelta
from pathlib import Path

from affiliate.clicks.agents import SHARED_BY
from affiliate.clicks.visits import COMPARABLE_MS
from affiliate.redirect.orphans import KEEP, OrphanLog
from affiliate.redirect.visitors import KEY_BYTES, LIVES_PAST_MIDNIGHT
from affiliate.store.tables import Base

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "explanation" / "privacy.md").read_text(encoding="utf-8")


def test_the_settings_it_names_have_the_defaults_it_names() -> None:
    example = tomllib.loads((TOP / "config.example.toml").read_text(encoding="utf-8"))
    named = dict(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \| `(.*?)` \|", PAGE, re.MULTILINE))
    assert len(named) > 5
    for key, shown in named.items():
        section, name = key.split(".")
        assert tomllib.loads(f"value = {shown}")["value"] == example[section][name], key


def test_the_numbers_it_names_are_those_of_the_product(tmp_path: Path) -> None:
    assert timedelta(hours=3) == LIVES_PAST_MIDNIGHT == timedelta(milliseconds=COMPARABLE_MS)
    assert (timedelta(days=30), 20, 32) == (KEEP, SHARED_BY, KEY_BYTES)
    assert 2 * OrphanLog(tmp_path).limit_bytes == 2 << 20


def test_the_tables_it_names_exist_and_no_other_one_knows_visitors() -> None:
    with_visitors = {table.name for table in Base.metadata.sorted_tables if "visitor" in table.columns}
    assert with_visitors == {"recent_visits", "user_agent_sightings"}
    for name in ("clicks", "click_hours", "click_purges", "user_agents", *with_visitors):
        assert name in Base.metadata.tables
        assert f"`{name}`" in PAGE


def test_no_table_of_clicks_has_a_column_for_what_is_never_stored() -> None:
    columns = [c.name for t in Base.metadata.sorted_tables if t.name.startswith("click") for c in t.columns]
    assert [name for name in columns if re.search(r"address|cookie|ip$|query|visitor|user_id", name)] == []
