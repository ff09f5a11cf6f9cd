"""``get_current_site``: the site that SITE_ID names."""

from __future__ import annotations

from orm.contrib.sites.models import Site

__all__ = ["get_current_site"]


def get_current_site(request: object) -> Site:
    """Return the site that SITE_ID names; ``request`` is not needed for that.

    Raises ``ImproperlyConfigured`` without SITE_ID: to find a site by a request's host takes a request.
    """
    return Site.objects.get_current(request)
