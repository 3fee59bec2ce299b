"""what an address names

Links are told apart by all of their target, so that nearly the same address is no longer taken for the same; placements keep the
address that the author wrote.
"""

import sqlalchemy as sa
from alembic import op

from affiliate.urls import digest, identity, likeness

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_BATCH = 10_000


def upgrade() -> None:
    op.add_column("links", sa.Column("near_key", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("links", sa.Column("twin", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("placements", sa.Column("authored_url", sa.Text(), nullable=True))
    op.add_column("placements", sa.Column("authored_href", sa.Text(), nullable=True))
    op.add_column("placements", sa.Column("authored_rel", sa.Text(), nullable=True))
    op.drop_index("ix_links_target_key", "links")
    links = sa.table("links", *(sa.column(name) for name in ("id", "site_id", "target_url", "target_key", "near_key")), sa.column("twin", sa.Integer()))  # fmt: skip
    connection = op.get_bind()
    _tell_apart(connection, links)
    op.create_index("uq_links_target", "links", ["site_id", "target_key", "twin"], unique=True)
    op.create_index("ix_links_near", "links", ["site_id", "near_key"], unique=False)
    _keep_addresses(connection, links)


def _tell_apart(connection: sa.Connection, links: sa.TableClause) -> None:
    """The keys of every link, made anew of its target; those with the same one are numbered in the order of their making."""
    changed = (
        links.update()
        .where(links.c.id == sa.bindparam("link"))
        .values(target_key=sa.bindparam("target"), near_key=sa.bindparam("near"), twin=sa.bindparam("number"))
    )
    numbers: dict[tuple[int, bytes], int] = {}
    last = 0
    wanted = sa.select(links.c.id, links.c.site_id, links.c.target_url).order_by(links.c.id).limit(_BATCH)
    while rows := connection.execute(wanted.where(links.c.id > last)).all():
        made = []
        for row in rows:
            key = digest(identity(row.target_url))
            number = numbers.get(same := (row.site_id, bytes.fromhex(key)), 0)
            numbers[same] = number + 1
            near = digest(likeness(row.target_url))
            made.append({"link": row.id, "target": key, "near": near, "number": number})
        connection.execute(changed, made)
        last = rows[-1].id


def _keep_addresses(connection: sa.Connection, links: sa.TableClause) -> None:
    """What stands in articles already gets its link's target for its author's address: that is what would be put back, and all
    that was kept. A later change of the link's target does not change it any more."""
    names = ("link_id", "article_id", "is_default", "authored_url")
    placements = sa.table("placements", *(sa.column(name) for name in names))
    target = sa.select(links.c.target_url).where(links.c.id == placements.c.link_id).scalar_subquery()
    connection.execute(placements.update().where(placements.c.article_id.is_not(None)).values(authored_url=target))
