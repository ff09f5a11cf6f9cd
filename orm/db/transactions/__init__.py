"""Blocks: transactions and savepoints, the connections they hold, who is in which, and how they end."""
