"""What is written into pickles of instances and querysets: of which version they are, so that another one warns.

The key and the version under it are Django's, which programs written for it know; the library's own version stands
beside it.
"""

from __future__ import annotations

import warnings
from functools import cache

from orm.late import metadata

FOLLOWED = "5.2"
"""The version of Django whose names and behaviour the library follows."""
FOLLOWED_KEY = "_django_version"
OWN_KEY = "_duotone_version"


@cache
def own_version() -> str:
    """Return the installed version of the library, or "" where it is not installed."""
    try:
        return str(metadata.version("duotone"))
    except metadata.PackageNotFoundError:
        return ""


def versions() -> dict[str, str]:
    """Return what a pickle's state is given."""
    return {FOLLOWED_KEY: FOLLOWED, OWN_KEY: own_version()}


def check_versions(state: dict[str, object], what: str) -> None:
    """Take the versions out of a state that is read again, and warn (``RuntimeWarning``) where they are not ours."""
    followed, own = state.pop(FOLLOWED_KEY, None), state.pop(OWN_KEY, None)
    if not followed:
        problem = f"Pickled {what}'s Django version is not specified."
    elif followed != FOLLOWED:
        problem = f"Pickled {what}'s Django version {followed} does not match the current version {FOLLOWED}."
    elif own not in (None, own_version()):
        problem = f"Pickled {what}'s Duotone version {own} does not match the current version {own_version()}."
    else:
        return
    warnings.warn(problem, RuntimeWarning, stacklevel=3)
