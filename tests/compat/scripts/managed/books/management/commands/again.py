import io

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    requires_system_checks = []

    def handle(self, **options):
        out = io.StringIO()
        returned = call_command("import_books", "x", "y", dry_run=True, limit=1, stdout=out)
        self.stdout.write(repr((returned, out.getvalue())))
