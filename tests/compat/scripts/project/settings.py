import os

DATABASES = {
    "default": {
        "ENGINE": os.environ.get("TEST_ENGINE", "django.db.backends.sqlite3"),
        "NAME": os.environ.get("TEST_NAME", "library.sqlite3"),
        "USER": os.environ.get("TEST_USER", ""),
        "PASSWORD": os.environ.get("TEST_PASSWORD", ""),
        "HOST": os.environ.get("TEST_HOST", ""),
        "PORT": os.environ.get("TEST_PORT", ""),
        "ATOMIC_REQUESTS": True,
    }
}
INSTALLED_APPS = ["library.apps.LibraryConfig"]
USE_TZ = True
TIME_ZONE = "Europe/Paris"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SHOP_NAME = "Corner library"
