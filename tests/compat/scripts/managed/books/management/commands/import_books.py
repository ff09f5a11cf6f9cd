from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from books.models import Book


class Command(BaseCommand):
    help = "Imports books"

    def add_arguments(self, parser):
        parser.add_argument("titles", nargs="+")
        parser.add_argument("--dry-run", action="store_true")
        parser.add_argument("--limit", type=int, default=10)

    def handle(self, *args, **options):
        if options["limit"] < 0:
            raise CommandError("the limit is negative")
        user, _ = get_user_model().objects.get_or_create(username="ada")
        for title in options["titles"][: options["limit"]]:
            if not options["dry_run"]:
                Book.objects.create(title=title, owner=user)
            self.stdout.write(self.style.SUCCESS(f"{title} {options['dry_run']}"))
        self.stderr.write("done")
        return f"{Book.objects.count()} books"
