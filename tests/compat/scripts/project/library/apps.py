from django.apps import AppConfig


class LibraryConfig(AppConfig):
    name = "library"
    verbose_name = "The library"
    default_auto_field = "django.db.models.BigAutoField"
    is_ready = False

    def ready(self):
        LibraryConfig.is_ready = True
