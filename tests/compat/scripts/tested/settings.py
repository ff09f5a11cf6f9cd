import os

ENGINE = os.environ.get("TEST_ENGINE", "django.db.backends.sqlite3")
DATABASES = {
    "default": {
        "ENGINE": ENGINE,
        "NAME": os.environ.get("TEST_NAME", "real.sqlite3"),
        "USER": os.environ.get("TEST_USER", ""),
        "PASSWORD": os.environ.get("TEST_PASSWORD", ""),
        "HOST": os.environ.get("TEST_HOST", ""),
        "PORT": os.environ.get("TEST_PORT", ""),
    },
    "other": {"ENGINE": "django.db.backends.sqlite3", "NAME": "other.sqlite3"},
}
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "shop"]
USE_TZ = True
SECRET_KEY = "for tests"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LIMIT = [1, 2]
