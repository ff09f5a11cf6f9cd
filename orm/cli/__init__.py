"""The ``orm`` command: ``run`` a legacy script, open a ``shell``, ``check`` the configured databases."""
