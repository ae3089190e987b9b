"""Alembic's environment: runs the migrations on the connection it is given, in that connection's transaction."""

from __future__ import annotations

from alembic import context

from central_server.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata(),
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
