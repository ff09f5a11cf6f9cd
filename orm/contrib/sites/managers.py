"""Managers of sites. The twin is generated; import it from ``managers_blocking``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orm.config import settings
from orm.errors import ImproperlyConfigured
from orm.models.managers import BaseManager

if TYPE_CHECKING:
    from orm.contrib.sites.models import Site


class AwaitableSites(BaseManager["Site"]):
    """The manager ``Site.objects``: the site in force is remembered until ``clear_cache()``."""

    use_in_migrations = True
    _by_id: dict[Any, Site]

    def __init__(self) -> None:
        self._by_id = {}

    def clear_cache(self) -> None:
        """Forget the sites read so far."""
        self._by_id.clear()

    async def aget_current(self, request: object = None) -> Site:
        """Return the site of the setting ``site_id``.

        Raises ``ImproperlyConfigured`` where it is not set, ``Site.DoesNotExist`` where there is no such row.
        """
        wanted = settings.site_id
        if wanted is None:
            raise ImproperlyConfigured(
                'You\'re using the Django "sites framework" without having set the SITE_ID setting. Create a site in '
                "your database and set the SITE_ID setting to fix this error."
            )
        if wanted not in self._by_id:
            self._by_id[wanted] = await self.aget(pk=wanted)
        return self._by_id[wanted]

    async def aget_by_natural_key(self, domain: str) -> Site:
        """Return the site of a domain. Raises ``Site.DoesNotExist``."""
        row: Site = await self.aget(domain=domain)
        return row
