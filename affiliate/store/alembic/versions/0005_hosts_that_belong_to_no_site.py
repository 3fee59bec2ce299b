"""hosts that belong to no site

What nodes tell of requests whose host does not say which link is meant.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM nodes")  # those that are at work tell of themselves again within 15 seconds
    with op.batch_alter_table("nodes", schema=None) as batch_op:
        batch_op.add_column(sa.Column("overruled", sa.BigInteger(), nullable=False))
        batch_op.add_column(sa.Column("unclear", sa.BigInteger(), nullable=False))
        batch_op.add_column(sa.Column("unknown_hosts", sa.Text(), nullable=False))
