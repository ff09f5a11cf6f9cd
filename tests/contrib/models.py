"""The tables of users and sites, for the tests of this folder."""

from __future__ import annotations

from orm.contrib.auth.models import Group, Permission, User
from orm.contrib.contenttypes.models import ContentType
from orm.contrib.sessions.models import Session
from orm.contrib.sites.models import Site

LIBRARY = (ContentType, Permission, Group, User, Site, Session)
"""Models of the library itself, whose tables are made for the tests of this folder."""
