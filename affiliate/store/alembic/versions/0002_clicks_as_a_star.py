"""clicks as a star

Clicks become narrow rows beside what many of them have in common (click_contexts, click_origins). What was loaded before
is carried over; only the memory of three hours that tells duplicates begins anew.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa
from alembic import op

import affiliate.store.types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BATCH = 5_000
_GPC, _PREFETCH, _INTERNAL, _DUPLICATE, _COMPARABLE = 1, 4, 16, 1 << 16, 1 << 17


def upgrade() -> None:
    _put_aside()
    op.create_table(
        "click_origins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("user_agent_family", sa.String(length=60), nullable=False),
        sa.Column("referrer_path", sa.Text(), nullable=False),
        sa.Column("fallback_reason", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_click_origins")),
        sa.UniqueConstraint("digest", name=op.f("uq_click_origins_digest")),
    )
    op.create_table(
        "click_purges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("purged_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(length=12), nullable=False),
        sa.Column("before", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("deleted", sa.BigInteger(), nullable=False),
        sa.Column("left", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_click_purges")),
    )
    op.create_table(
        "click_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=255), nullable=False),
        sa.Column("since", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("report", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_click_rules")),
        sa.UniqueConstraint("version", name=op.f("uq_click_rules_version")),
    )
    op.create_table(
        "nodes",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("seen_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("loaded_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("waiting_bytes", sa.BigInteger(), nullable=False),
        sa.Column("waiting_since", affiliate.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("journal_failures", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_nodes")),
    )
    op.create_table(
        "user_agent_sightings",
        sa.Column("agent", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("visitor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seen_at", affiliate.store.types.UtcMillis(), nullable=False),
        sa.PrimaryKeyConstraint("agent", "visitor", name=op.f("pk_user_agent_sightings")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "user_agents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=512), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("added_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_agents")),
        sa.UniqueConstraint("text", name=op.f("uq_user_agents_text")),
    )
    op.create_table(
        "click_contexts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("placement_id", sa.Integer(), nullable=True),
        sa.Column("article_id", sa.Integer(), nullable=True),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("device", sa.String(length=12), nullable=False),
        sa.Column("referrer_host", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_click_contexts_article_id")),
        sa.ForeignKeyConstraint(["link_id"], ["links.id"], name=op.f("fk_click_contexts_link_id")),
        sa.ForeignKeyConstraint(["placement_id"], ["placements.id"], name=op.f("fk_click_contexts_placement_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programmes.id"], name=op.f("fk_click_contexts_programme_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_click_contexts_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_click_contexts")),
        sa.UniqueConstraint("digest", name=op.f("uq_click_contexts_digest")),
    )
    with op.batch_alter_table("click_contexts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_click_contexts_article_id"), ["article_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_click_contexts_link_id"), ["link_id"], unique=False)

    op.create_table(
        "clicks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", affiliate.store.types.UtcMillis(), nullable=False),
        sa.Column("context_id", sa.Integer(), nullable=False),
        sa.Column("origin_id", sa.Integer(), nullable=False),
        sa.Column("user_agent_id", sa.Integer(), nullable=True),
        sa.Column("click_class", sa.String(length=12), nullable=False),
        sa.Column("flags", sa.Integer(), nullable=False),
        sa.Column("rules_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clicks")),
    )
    op.create_index(op.f("ix_clicks_at"), "clicks", ["at"])
    op.create_table(
        "click_hours",
        sa.Column("hour", affiliate.store.types.UtcHours(), nullable=False),
        sa.Column("context_id", sa.Integer(), nullable=False),
        sa.Column("click_class", sa.String(length=12), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.Column("network_comparable", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "context_id", "click_class", name=op.f("pk_click_hours")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_click_hours_context_id", "click_hours", ["context_id", "hour"])
    op.create_table(
        "recent_visits",
        sa.Column("visitor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("last_at", affiliate.store.types.UtcMillis(), nullable=False),
        sa.Column("clicks", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("visitor", name=op.f("pk_recent_visits")),
    )
    op.create_index(op.f("ix_journal_segments_updated_at"), "journal_segments", ["updated_at"])
    op.add_column("programmes", sa.Column("referrer_policy", sa.String(length=40), nullable=True))
    _carry_over()
    for table in ("old_clicks", "old_click_hours"):
        op.drop_table(table)


def _put_aside() -> None:
    op.drop_index("ix_clicks_at", table_name="clicks")
    op.drop_index("ix_clicks_link_id", table_name="clicks")
    op.drop_table("recent_visits")
    for table in ("clicks", "click_hours"):
        op.rename_table(table, f"old_{table}")
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"ALTER INDEX pk_{table} RENAME TO pk_old_{table}")


def _carry_over() -> None:
    connection = op.get_bind()
    old = sa.Table("old_clicks", sa.MetaData(), autoload_with=connection)
    if connection.scalar(sa.select(sa.func.count()).select_from(old)) == 0:
        return
    contexts, origins, clicks, hours, rules = (
        sa.Table(name, sa.MetaData(), autoload_with=connection)
        for name in ("click_contexts", "click_origins", "clicks", "click_hours", "click_rules")
    )
    began = datetime.now(UTC).replace(tzinfo=None if connection.dialect.name == "sqlite" else UTC)
    connection.execute(rules.insert(), {"id": 1, "version": "before 0002", "since": began, "report": {}})
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT setval(pg_get_serial_sequence('click_rules', 'id'), 1)"))
    known: dict[bytes, int] = {}

    def id_of(table: sa.Table, values: dict[str, Any]) -> int:
        digest = blake2b("\0".join(map(str, values.values())).encode(), digest_size=16).digest()
        if digest not in known:
            statement = table.insert().values(digest=digest, **values).returning(table.c.id)
            known[digest] = connection.scalar(statement)
        return known[digest]

    for rows in _parts(connection, old):
        connection.execute(
            clicks.insert(),
            [
                {
                    "at": int(row.at.replace(tzinfo=UTC).timestamp() * 1000),
                    "context_id": id_of(contexts, _context(row)),
                    "origin_id": id_of(origins, _origin(row)),
                    "user_agent_id": None,
                    "click_class": row.click_class,
                    "flags": _flags(row),
                    "rules_id": 1,
                }
                for row in rows
            ],
        )
    hour = (clicks.c.at // 3_600_000).label("hour")
    counted = (
        sa.select(
            hour,
            clicks.c.context_id,
            clicks.c.click_class,
            sa.func.count(),
            sa.func.sum(sa.case((clicks.c.flags >= _COMPARABLE, 1), else_=0)),
        )
        .where(clicks.c.at >= 0)
        .group_by(hour, clicks.c.context_id, clicks.c.click_class)
    )
    names = ["hour", "context_id", "click_class", "clicks", "network_comparable"]
    connection.execute(hours.insert().from_select(names, counted))


def _parts(connection: sa.Connection, old: sa.Table) -> Iterator[list[Any]]:
    last = 0
    while rows := list(connection.execute(old.select().where(old.c.id > last).order_by(old.c.id).limit(_BATCH))):
        yield rows
        last = rows[-1].id


def _context(row: Any) -> dict[str, Any]:
    return {
        "site_id": row.site_id,
        "link_id": row.link_id,
        "placement_id": row.placement_id,
        "article_id": row.article_id,
        "programme_id": row.programme_id,
        "country": row.country or "",
        "device": row.device,
        "referrer_host": row.referrer_host or "",
    }


def _origin(row: Any) -> dict[str, Any]:
    return {
        "user_agent_family": row.user_agent_family,
        "referrer_path": row.referrer_path or "",
        "fallback_reason": row.fallback_reason or "",
    }


def _flags(row: Any) -> int:
    by_class = {"prefetch": _PREFETCH, "internal": _INTERNAL, "duplicate": _DUPLICATE}.get(row.click_class, 0)
    return by_class | (_GPC if row.gpc else 0) | (_COMPARABLE if row.network_comparable else 0)
