"""Django's applications as INSTALLED_APPS lists them: those with a data side, and those that only requests need."""

from __future__ import annotations

import os

from orm.contrib.admin_log.apps import AdminLogConfig
from orm.contrib.auth.apps import AuthConfig as CoreAuthConfig
from orm.contrib.contenttypes.apps import ContentTypesConfig as CoreContentTypesConfig
from orm.contrib.sessions.apps import SessionsConfig as CoreSessionsConfig
from orm.contrib.sites.apps import SitesConfig as CoreSitesConfig
from orm.models.applications import AppConfig

HERE = os.path.dirname(__file__)


class AuthConfig(CoreAuthConfig):
    """``django.contrib.auth``."""

    name = "django.contrib.auth"


class ContentTypesConfig(CoreContentTypesConfig):
    """``django.contrib.contenttypes``."""

    name = "django.contrib.contenttypes"


class SessionsConfig(CoreSessionsConfig):
    """``django.contrib.sessions``."""

    name = "django.contrib.sessions"


class SitesConfig(CoreSitesConfig):
    """``django.contrib.sites``."""

    name = "django.contrib.sites"


class SimpleAdminConfig(AdminLogConfig):
    """``django.contrib.admin``, of which the log is here."""

    name = "django.contrib.admin"


class AdminConfig(SimpleAdminConfig):
    """``django.contrib.admin``, which imports no ``admin`` modules here."""

    default = True


class MessagesConfig(AppConfig):
    """``django.contrib.messages``, which has no models."""

    name = "django.contrib.messages"
    verbose_name = "Messages"
    path = HERE


class StaticFilesConfig(AppConfig):
    """``django.contrib.staticfiles``, which has no models."""

    name = "django.contrib.staticfiles"
    verbose_name = "Static Files"
    path = HERE


class HumanizeConfig(AppConfig):
    """``django.contrib.humanize``, which has no models."""

    name = "django.contrib.humanize"
    verbose_name = "Humanize"
    path = HERE


class PostgresConfig(AppConfig):
    """``django.contrib.postgres``, whose fields and lookups need no setting up."""

    name = "django.contrib.postgres"
    verbose_name = "PostgreSQL extensions"
    path = HERE


class SitemapsConfig(AppConfig):
    """``django.contrib.sitemaps``, which has no models."""

    name = "django.contrib.sitemaps"
    verbose_name = "Site Maps"
    path = HERE


class SyndicationConfig(AppConfig):
    """``django.contrib.syndication``, which has no models."""

    name = "django.contrib.syndication"
    verbose_name = "Syndication"
    path = HERE
