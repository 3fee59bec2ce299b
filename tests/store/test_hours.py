"""The UTC hour of a moment, as the database works it out: that of UtcHours."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import literal, select

from affiliate.store import Store
from affiliate.store.types import UtcDateTime, UtcHours, hour_of

WHOLE = datetime(2026, 3, 29, 1, tzinfo=UTC)
A_MICROSECOND = timedelta(microseconds=1)


@pytest.mark.parametrize(
    "moment",
    [
        WHOLE,
        WHOLE + A_MICROSECOND,
        WHOLE - A_MICROSECOND,
        WHOLE - 500 * A_MICROSECOND,
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC) - A_MICROSECOND,
        datetime(1969, 12, 31, 22, 30, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
)
def test_the_hour_of_a_moment_is_the_one_in_which_it_lies(store: Store, moment: datetime) -> None:
    with store.reading() as session:
        hour = session.scalar(select(hour_of(literal(moment, UtcDateTime()))))
    assert UtcHours().process_result_value(hour, store.engine.dialect) == moment.replace(
        minute=0, second=0, microsecond=0
    )
