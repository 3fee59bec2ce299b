"""Whoever adds a table says when its rows end: these fail otherwise."""

import re
from pathlib import Path

from affiliate.store.tables import Base
from affiliate.worker import TASKS

PAGE = (Path(__file__).parents[2] / "docs" / "explanation" / "keeping.md").read_text(encoding="utf-8")
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split("|")) for line in PAGE.splitlines() if line.startswith("| `")
]


def test_every_table_has_one_line_that_says_how_long_it_is_kept_and_who_ends_it() -> None:
    named = [name for tables, _, _ in ROWS for name in re.findall(r"`(\w+)`", tables)]
    assert sorted(named) == sorted(Base.metadata.tables)
    assert [row for row in ROWS if not all(row)] == []


def test_whoever_ends_rows_is_a_task_that_there_is_a_person_or_nobody() -> None:
    names = {task.name for task in TASKS}
    for _, kept, ended_by in ROWS:
        task = re.fullmatch(r"task `([\w.]+)`", ended_by)
        assert task[1] in names if task else re.match(r"nobody|a person", ended_by), ended_by
        if ended_by.startswith("nobody"):
            assert kept.startswith("for ever"), kept
