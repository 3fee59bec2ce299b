"""what networks tell

Pulls, postbacks and payouts; terms of programmes as networks tell them; how a run was read, and what it confirmed.
"""

import sqlalchemy as sa
from alembic import op

import affiliate.store.types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "advertiser_aliases",
        sa.Column("network", sa.String(length=40), nullable=False),
        sa.Column("advertiser_ref", sa.String(length=255), nullable=False),
        sa.Column("advertiser_id", sa.Integer(), nullable=False),
        sa.Column("added_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["advertiser_id"], ["advertisers.id"], name=op.f("fk_advertiser_aliases_advertiser_id")
        ),
        sa.PrimaryKeyConstraint("network", "advertiser_ref", name=op.f("pk_advertiser_aliases")),
    )
    op.create_table(
        "payouts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("number", sa.String(length=255), nullable=True),
        sa.Column("payment", sa.String(length=12), nullable=False),
        sa.Column("raw_status", sa.String(length=255), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("commission", affiliate.store.types.Micros(), nullable=False),
        sa.Column("vat", affiliate.store.types.Micros(), nullable=True),
        sa.Column("withheld", affiliate.store.types.Micros(), nullable=True),
        sa.Column("net", affiliate.store.types.Micros(), nullable=True),
        sa.Column("issued_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("paid_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("observed_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("import_run_id", sa.Integer(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["publisher_accounts.id"], name=op.f("fk_payouts_account_id")),
        sa.ForeignKeyConstraint(["import_run_id"], ["import_runs.id"], name=op.f("fk_payouts_import_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payouts")),
        sa.UniqueConstraint("account_id", "external_id", name=op.f("uq_payouts_account_id_external_id")),
    )
    op.create_index(op.f("ix_payouts_import_run_id"), "payouts", ["import_run_id"], unique=False)
    op.create_index(op.f("ix_payouts_issued_at"), "payouts", ["issued_at"], unique=False)

    op.create_table(
        "postbacks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("network", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("received_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("said_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("hint_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("booked_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["publisher_accounts.id"], name=op.f("fk_postbacks_account_id")),
        sa.ForeignKeyConstraint(["run_id"], ["import_runs.id"], name=op.f("fk_postbacks_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_postbacks")),
        sa.UniqueConstraint("digest", name=op.f("uq_postbacks_digest")),
    )
    op.create_index(op.f("ix_postbacks_booked_at"), "postbacks", ["booked_at"], unique=False)

    op.create_table(
        "pulls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("basis", sa.String(length=12), nullable=False),
        sa.Column("first", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("until", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("requested_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("not_before", affiliate.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("started_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["publisher_accounts.id"], name=op.f("fk_pulls_account_id")),
        sa.ForeignKeyConstraint(["run_id"], ["import_runs.id"], name=op.f("fk_pulls_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pulls")),
    )
    op.create_index(op.f("ix_pulls_account_basis"), "pulls", ["account_id", "basis", "first"], unique=False)
    op.create_index(op.f("ix_pulls_state"), "pulls", ["state"], unique=False)

    op.create_table(
        "track_records",
        sa.Column("programme_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("transactions", sa.Integer(), nullable=False),
        sa.Column("approved", sa.Integer(), nullable=False),
        sa.Column("declined", sa.Integer(), nullable=False),
        sa.Column("paid", sa.Integer(), nullable=False),
        sa.Column("payment_days", sa.Integer(), nullable=True),
        sa.Column("counted_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programmes.id"], name=op.f("fk_track_records_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", name=op.f("pk_track_records")),
    )

    op.add_column("import_runs", sa.Column("origin", sa.String(length=12), nullable=False, server_default="file"))
    op.add_column("import_runs", sa.Column("reading", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("import_runs", sa.Column("period", sa.String(length=255), nullable=True))
    op.add_column("import_runs", sa.Column("replaced_by", sa.Integer(), nullable=True))
    op.add_column("import_runs", sa.Column("confirmed", sa.LargeBinary(), nullable=True))
    op.add_column("import_runs", sa.Column("read_by", sa.String(length=16), nullable=False, server_default=""))
    op.create_index(op.f("ix_import_runs_period"), "import_runs", ["period"], unique=False)
    op.add_column("programmes", sa.Column("raw_status", sa.String(length=255), nullable=False, server_default=""))
    op.add_column("programmes", sa.Column("terms", sa.Text(), nullable=False, server_default=""))
    op.add_column("programmes", sa.Column("cookie_days", sa.Integer(), nullable=True))
    op.add_column("programmes", sa.Column("markets", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("programmes", sa.Column("permissions", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("programmes", sa.Column("approval_rate", affiliate.store.types.Micros(), nullable=True))
    op.add_column("programmes", sa.Column("payment_days", sa.Integer(), nullable=True))
    op.add_column("programmes", sa.Column("pinned", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("programmes", sa.Column("told", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("programmes", sa.Column("told_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=True))
    op.add_column(
        "publisher_accounts",
        sa.Column("credentials_expire_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=True),
    )
    op.add_column("quarantined_rows", sa.Column("word", sa.String(length=255), nullable=True))
    op.add_column("quarantined_rows", sa.Column("resolved_by", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_quarantined_rows_resolved_by"), "quarantined_rows", ["resolved_by"], unique=False)
    op.add_column("transaction_versions", sa.Column("original_ref", sa.String(length=255), nullable=True))
    op.add_column("transaction_versions", sa.Column("payload_key", sa.BigInteger(), nullable=True))
    op.add_column("transaction_versions", sa.Column("unsaid", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(op.f("ix_transaction_versions_payload_key"), "transaction_versions", ["payload_key"])
    op.drop_index("ix_transaction_versions_transaction_id", "transaction_versions")  # the unique key begins with it
