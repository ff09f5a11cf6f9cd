from decimal import Decimal

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import transaction
from django.db.models import F
from django.utils.dateparse import parse_datetime
from django.utils.timezone import make_aware
from wards.models import Stay


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("at")
        parser.add_argument("-p", "--price", type=Decimal, default=Decimal("100.5"))

    @transaction.atomic
    def handle(self, *args, **options):
        present = Stay.objects.select_related("ward", "patient").filter(left=None)
        for stay in present.select_for_update(of=("self",)) if options["verbosity"] > 1 else present:
            stay.left = make_aware(parse_datetime(options["at"]))
            stay.cost = F("cost") + options["price"]
            stay.details["by"] = "command"
            stay.save()
            stay.refresh_from_db()
            self.stdout.write(f"{stay}: {stay.cost}")
        call_command("occupancy", stdout=self.stdout)
