"""Who acts: people, their roles, their passwords. The registry keeps them (``core.registry.users``)."""
