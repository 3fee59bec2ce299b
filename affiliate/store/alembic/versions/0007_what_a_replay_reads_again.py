"""what a replay reads again

A replay names the run whose rows it read: it may change what that run had booked without booking what it had set aside.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_runs", sa.Column("replay_of", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE import_runs SET replay_of = (SELECT min(import_run_id) FROM quarantined_rows"
        " WHERE resolved_by = import_runs.id) WHERE origin = 'replay'"
    )
