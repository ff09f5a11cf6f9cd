"""``django.contrib``: the data side of Django's own applications, and which Duotone modules it comes from."""

from __future__ import annotations

from orm.compat.django.names import HERE, Surface, of, own

HASHERS = (
    "BasePasswordHasher", "PBKDF2PasswordHasher", "PBKDF2SHA1PasswordHasher", "Argon2PasswordHasher",
    "BCryptSHA256PasswordHasher", "BCryptPasswordHasher", "ScryptPasswordHasher", "MD5PasswordHasher",
    "UNUSABLE_PASSWORD_PREFIX", "UNUSABLE_PASSWORD_SUFFIX_LENGTH", "is_password_usable", "make_password",
)  # fmt: skip
AUTH_MODELS = (
    "AbstractBaseUser", "AbstractUser", "AnonymousUser", "BaseUserManager", "Group", "GroupManager", "Permission",
    "PermissionManager", "PermissionsMixin", "User", "UserManager",
)  # fmt: skip

ADMIN = own("web", "action", "display", "register")
LOG = ("ACTION_FLAG_CHOICES", "ADDITION", "CHANGE", "DELETION", "LogEntry", "LogEntryManager")
ADDRESSES = (
    "ALL_VAR", "ERROR_FLAG", "IGNORED_PARAMS", "IS_FACETS_VAR", "IS_POPUP_VAR", "ORDER_VAR", "PAGE_VAR", "SEARCH_VAR",
    "SOURCE_MODEL_VAR", "TO_FIELD_VAR",
)  # fmt: skip
LEVELS = own("web_constants", "DEBUG", "ERROR", "INFO", "SUCCESS", "WARNING", "DEFAULT_LEVELS", "DEFAULT_TAGS")


def _application(package: str, config: str) -> dict[str, Surface]:
    names = own("contrib_apps", config)
    return {f"django.contrib.{package}.apps": Surface("How the application is installed.", names=names)}


CONTRIB: dict[str, Surface] = {
    **_application("auth", "AuthConfig"),
    **_application("contenttypes", "ContentTypesConfig"),
    **_application("humanize", "HumanizeConfig"),
    **_application("messages", "MessagesConfig"),
    **_application("postgres", "PostgresConfig"),
    **_application("sessions", "SessionsConfig"),
    **_application("sitemaps", "SitemapsConfig"),
    **_application("sites", "SitesConfig"),
    **_application("staticfiles", "StaticFilesConfig"),
    **_application("syndication", "SyndicationConfig"),
    "django.contrib.admin": Surface("The admin's decorators, and names.", names=ADMIN),
    "django.contrib.admin.apps": Surface(
        "How the application is installed.", names=own("contrib_apps", "AdminConfig", "SimpleAdminConfig")
    ),
    "django.contrib.admin.decorators": Surface("The admin's decorators.", names=ADMIN),
    "django.contrib.admin.models": Surface(
        "The admin's log.",
        ("orm.contrib.admin_log.models",),
        of("orm.contrib.admin_log.models", *LOG),
        loads=True,
    ),
    "django.contrib.admin.options": Surface(
        "Names of the admin.", names=own("web_constants", "IS_POPUP_VAR", "SOURCE_MODEL_VAR", "TO_FIELD_VAR")
    ),
    "django.contrib.admin.views.main": Surface("Names of the admin.", names=own("web_constants", *ADDRESSES)),
    "django.contrib.messages": Surface("Levels of messages, and names of the web.", names=LEVELS),
    "django.contrib.messages.constants": Surface("Levels of messages.", names=LEVELS),
    "django.contrib.admin.utils": Surface(
        "What goes with an object, and names of the admin.", names=own("nested_objects", "NestedObjects")
    ),
    "django.contrib.auth": Surface("Users: which model, and who they are.", (f"{HERE}.auth",)),
    "django.contrib.auth.backends": Surface(
        "Who knows users.", names=own("auth", "AllowAllUsersModelBackend", "BaseBackend", "ModelBackend")
    ),
    "django.contrib.auth.base_user": Surface(
        "Users of a project's own.",
        names=of("orm.contrib.auth.models", "AbstractBaseUser", "BaseUserManager"),
    ),
    "django.contrib.auth.decorators": Surface("Names of the web.", names=own("auth", "REDIRECT_FIELD_NAME")),
    "django.contrib.auth.hashers": Surface(
        "Password hashes.",
        names=of("orm.security.passwords", *HASHERS)
        | own("auth", "acheck_password", "check_password", "get_hasher", "get_hashers", "identify_hasher"),
    ),
    "django.contrib.auth.management": Surface(
        "Permissions that models bring.",
        names=own("auth", "create_permissions"),
    ),
    "django.contrib.auth.management.commands.createsuperuser": Surface(
        "The command createsuperuser.", ("orm.commands.own.createsuperuser",)
    ),
    "django.contrib.auth.models": Surface(
        "Users, groups and permissions.",
        ("orm.contrib.auth.models",),
        of("orm.contrib.auth.models", *AUTH_MODELS)
        | own("auth", "update_last_login", "user_logged_in", "user_logged_out", "user_login_failed"),
        loads=True,
    ),
    "django.contrib.auth.password_validation": Surface("Checks of new passwords.", (f"{HERE}.password_validation",)),
    "django.contrib.auth.signals": Surface(
        "Signals.", names=own("auth", "user_logged_in", "user_logged_out", "user_login_failed")
    ),
    "django.contrib.auth.validators": Surface(
        "Names of users.", names=of("orm.contrib.auth.models", "ASCIIUsernameValidator", "UnicodeUsernameValidator")
    ),
    "django.contrib.humanize": Surface("Numbers and moments as people say them."),
    "django.contrib.humanize.templatetags.humanize": Surface("Its filters.", (f"{HERE}.humanize",)),
    "django.contrib.sessions": Surface("Sessions."),
    "django.contrib.sessions.backends": Surface("Where sessions are kept."),
    "django.contrib.sessions.backends.base": Surface("What a session is.", (f"{HERE}.sessions.base",)),
    "django.contrib.sessions.backends.cache": Surface("Sessions in the cache.", (f"{HERE}.sessions.cache",)),
    "django.contrib.sessions.backends.file": Surface("Sessions in files.", (f"{HERE}.sessions.file",)),
    "django.contrib.sessions.backends.signed_cookies": Surface(
        "Sessions in the key that a browser keeps.", (f"{HERE}.sessions.signed_cookies",)
    ),
    "django.contrib.sessions.backends.cached_db": Surface(
        "Sessions in the table, with copies in the cache.", (f"{HERE}.sessions.cached_db",)
    ),
    "django.contrib.sessions.backends.db": Surface("Sessions in the table.", (f"{HERE}.sessions.db",)),
    "django.contrib.sessions.exceptions": Surface(
        "What goes wrong with sessions.",
        names=own("sessions.errors", "InvalidSessionKey", "SessionInterrupted", "SuspiciousSession"),
    ),
    "django.contrib.sessions.management": Surface("Commands for sessions."),
    "django.contrib.sessions.management.commands": Surface("Commands for sessions."),
    **{
        f"django.contrib.{app}.management.commands.{name}": Surface(
            f"The command {name}.", (f"{HERE}.commands.{name}",)
        )
        for app, name in (
            ("auth", "changepassword"),
            ("contenttypes", "remove_stale_contenttypes"),
            ("sessions", "clearsessions"),
        )
    },
    "django.contrib.sessions.serializers": Surface(
        "How sessions are written.", names=of("orm.security.signing", "JSONSerializer")
    ),
    "django.contrib.sessions.base_session": Surface(
        "A session.", names=of("orm.contrib.sessions.models", "AbstractBaseSession", "BaseSessionManager")
    ),
    "django.contrib.sessions.models": Surface(
        "The table of sessions.",
        ("orm.contrib.sessions.models",),
        of("orm.contrib.sessions.models", "Session", "SessionManager"),
        loads=True,
    ),
    "django.contrib.sites": Surface("The table of sites."),
    "django.contrib.sites.shortcuts": Surface("The site in force.", names=own("current_site", "get_current_site")),
    "django.contrib.sites.managers": Surface(
        "Rows of one site.", names=of("orm.contrib.sites.models", "CurrentSiteManager")
    ),
    "django.contrib.sites.models": Surface(
        "The table of sites.",
        ("orm.contrib.sites.models",),
        of("orm.contrib.sites.models", "Site", "SiteManager"),
        loads=True,
    ),
    "django.contrib.staticfiles": Surface("Nothing: requests use it."),
}
