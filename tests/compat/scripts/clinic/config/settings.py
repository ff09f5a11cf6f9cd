import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "for tests"
DEBUG = False
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "people",
    "wards.apps.WardsConfig",
]
DATABASES = {
    "default": {
        "ENGINE": os.environ.get("TEST_ENGINE", "django.db.backends.sqlite3"),
        "NAME": os.environ.get("TEST_NAME", BASE_DIR / "clinic.sqlite3"),
        "USER": os.environ.get("TEST_USER", ""),
        "PASSWORD": os.environ.get("TEST_PASSWORD", ""),
        "HOST": os.environ.get("TEST_HOST", ""),
        "PORT": os.environ.get("TEST_PORT", ""),
    }
}
AUTH_USER_MODEL = "people.Person"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LANGUAGE_CODE = "en-us"
TIME_ZONE = "Europe/Vienna"
USE_TZ = True
BEDS_AT_MOST = 3
