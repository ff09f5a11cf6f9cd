"""What lint says of migrations: no database is needed."""
