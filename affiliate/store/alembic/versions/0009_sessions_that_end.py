"""sessions that end

A row for each device on which somebody is signed in, instead of one key for each person: everybody signs in again once. How
far tries to log in have used up their allowances.
"""

import sqlalchemy as sa
from alembic import op

import affiliate.store.types

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "user_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key_sha256", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(length=120), nullable=False),
        sa.Column("created_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("seen_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_sessions")),
        sa.UniqueConstraint("key_sha256", name=op.f("uq_user_sessions_key_sha256")),
    )
    op.create_index(op.f("ix_user_sessions_user_id"), "user_sessions", ["user_id"], unique=False)
    op.create_table(
        "log_in_brakes",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("free_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_log_in_brakes")),
    )
    op.create_index(op.f("ix_log_in_brakes_free_at"), "log_in_brakes", ["free_at"], unique=False)
    op.drop_column("users", "session_key")


def downgrade() -> None:
    op.add_column("users", sa.Column("session_key", sa.String(length=40), nullable=False, server_default=""))
    op.drop_table("log_in_brakes")
    op.drop_table("user_sessions")
