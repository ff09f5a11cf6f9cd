import datetime

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from wards.models import Stay, Ward


class Command(BaseCommand):
    help = "Admits patients to a ward."

    def add_arguments(self, parser):
        parser.add_argument("ward")
        parser.add_argument("emails", nargs="+")
        parser.add_argument("--at", type=datetime.datetime.fromisoformat, required=True)
        parser.add_argument("--dry-run", action="store_true")

    def handle(self, ward, emails, at, dry_run, **options):
        try:
            ward = Ward.objects.with_free().get(code=ward)
        except Ward.DoesNotExist as error:
            raise CommandError(f"No ward {ward}.") from error
        if ward.free < len(emails) or ward.taken + len(emails) > settings.BEDS_AT_MOST:
            raise CommandError(f"{ward} has {ward.free} free beds.")
        with transaction.atomic():
            for email in emails:
                patient, new = get_user_model().objects.get_or_create(email=email, defaults={"name": email[0].upper()})
                stay = Stay(ward=ward, patient=patient, came=timezone.make_aware(at))
                try:
                    stay.full_clean()
                except ValidationError as error:
                    raise CommandError(f"{patient}: {error.message_dict}") from error
                stay.save()
                self.stdout.write(self.style.SUCCESS(f"{stay}{' (new)' if new else ''}"))
            if dry_run:
                transaction.set_rollback(True)
        self.stderr.write(f"{len(emails)} admitted" + (", not really" if dry_run else ""))
