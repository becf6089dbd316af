"""Runs the migrations on the connection and in the transaction that ``core.registry.opening`` holds."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
