"""Alembic's entry: runs the migrations on the engine that `affiliate.store.migrations` hands over."""

from alembic import context

from affiliate.store.tables import Base

engine = context.config.attributes["engine"]
with engine.execution_options(affiliate_writes=True).connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
