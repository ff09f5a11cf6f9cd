"""Notifications of the database: who listens to channels, and who sends."""
