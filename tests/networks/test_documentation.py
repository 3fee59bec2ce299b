import tomllib
from pathlib import Path

import pytest

from affiliate.networks.reading.columns import FIELDS, ColumnMap
from affiliate.networks.registry import networks

_PAGE = (Path(__file__).parents[2] / "docs" / "networks.md").read_text(encoding="utf-8")


def test_every_network_has_its_chapter_or_its_row_beside_its_coverage() -> None:
    assert [known.key for known in networks() if _PAGE.count(f"(`{known.key}`") < 2] == []


def test_the_column_map_of_the_page_is_one() -> None:
    example = _PAGE.partition("```toml\n")[2].partition("```")[0]
    assert ColumnMap.parse(tomllib.loads(example)).constants == {"currency": "GBP"}


@pytest.mark.parametrize("field", [field for field in FIELDS if not field.startswith("sub_id_")])
def test_every_field_of_a_column_map_is_documented(field: str) -> None:
    assert f"`{field}`" in _PAGE or f"\n{field} = " in _PAGE
