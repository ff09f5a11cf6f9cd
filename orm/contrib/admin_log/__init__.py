"""The log of changes that Django's admin keeps: its table, for programs that read it, add to it, or delete users."""
