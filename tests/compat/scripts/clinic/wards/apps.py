from django.apps import AppConfig


class WardsConfig(AppConfig):
    name = "wards"
    verbose_name = "Wards and beds"
    default_auto_field = "django.db.models.AutoField"

    def ready(self):
        from wards import signals  # noqa: F401
