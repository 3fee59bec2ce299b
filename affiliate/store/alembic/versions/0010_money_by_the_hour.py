"""money by the hour

A roll-up of what transactions say now, by the hour of the sale, from which reports of a year are read in a moment.
"""

import sqlalchemy as sa
from alembic import op

from affiliate.store.types import Micros, UtcHours

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_HOUR = {
    "sqlite": "(CAST(strftime('%s', substr(said.transaction_at, 1, 19)) AS INTEGER) + 63115200000) / 3600 - 17532000",
    "postgresql": "CAST(floor(extract(epoch FROM said.transaction_at) / 3600) AS BIGINT)",
}
# Amounts that were read from a column of order numbers may be too large to be summed in 64 bits: no reason to stop here.
_SUM = {
    "sqlite": "coalesce(sum({0} / 1000000) * 1000000 + sum({0} % 1000000), 0)",
    "postgresql": "greatest(least(coalesce(sum({0}), 0), 9223372036854775807), -9223372036854775807)",
}
_FILL = """
    INSERT INTO commission_hours
    SELECT {hour}, said.programme_id, coalesce(links.site_id, 0), said.currency, said.status, said.payment,
        count(*), {commission}, {magnitude}, {in_articles}, {sale_amount},
        count(CASE WHEN said.sale_currency <> said.currency THEN 1 END)
    FROM transactions AS said
    LEFT JOIN placements ON placements.id = said.placement_id
    LEFT JOIN links ON links.id = placements.link_id
    WHERE said.current_version_id IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5, 6
"""


def upgrade() -> None:
    op.create_table(
        "commission_hours",
        sa.Column("hour", UtcHours(), nullable=False),
        sa.Column("programme_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("site_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("payment", sa.String(length=12), nullable=False),
        sa.Column("transactions", sa.Integer(), nullable=False),
        sa.Column("commission", Micros(), nullable=False),
        sa.Column("magnitude", Micros(), nullable=False),
        sa.Column("in_articles", Micros(), nullable=False),
        sa.Column("sale_amount", Micros(), nullable=False),
        sa.Column("sales_elsewhere", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "hour", "programme_id", "site_id", "currency", "status", "payment", name=op.f("pk_commission_hours")
        ),
        sqlite_with_rowid=False,
    )
    database = op.get_bind().dialect.name
    summed = _SUM[database].format
    fill = _FILL.format(
        hour=_HOUR[database],
        commission=summed("said.commission"),
        magnitude=summed("abs(said.commission)"),
        in_articles=summed("CASE WHEN placements.article_id IS NOT NULL THEN abs(said.commission) END"),
        sale_amount=summed("CASE WHEN said.sale_currency = said.currency THEN said.sale_amount END"),
    )
    op.execute(fill)


def downgrade() -> None:
    op.drop_table("commission_hours")
