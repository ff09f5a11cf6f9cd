"""Names of tables cut to what a database takes, as Django cuts them, whose tables are read."""

from __future__ import annotations

import hashlib


def split_identifier(identifier: str) -> tuple[str, str]:
    """Return the namespace and the name of ``"namespace"."name"``, or ``namespace.name``; without quotes."""
    namespace, separator, name = identifier.partition('"."')
    if not separator:
        namespace, name = "", identifier
    return namespace.strip('"'), name.strip('"')


def truncate_name(identifier: str, length: int | None = None, hash_len: int = 4) -> str:
    """Return a name of at most ``length`` characters: one that is longer ends in a digest of the whole."""
    namespace, name = split_identifier(identifier)
    if length is None or len(name) <= length:
        return identifier
    shortened = f"{name[: length - hash_len]}{names_digest(name, length=hash_len)}"
    return f'{namespace}"."{shortened}' if namespace else shortened


def names_digest(*args: str, length: int) -> str:
    """Return the first ``length`` digits of the MD5 of names."""
    digest = hashlib.md5(usedforsecurity=False)
    for each in args:
        digest.update(each.encode())
    return digest.hexdigest()[:length]
