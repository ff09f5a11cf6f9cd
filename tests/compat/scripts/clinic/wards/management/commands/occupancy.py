from decimal import Decimal

from django.core.management.base import BaseCommand
from django.db.models import Avg, Count, ExpressionWrapper, F, OuterRef, Subquery, Sum, Value
from django.db.models import DurationField
from django.db.models.functions import Coalesce, TruncDay
from wards.models import Stay, Ward


def told(value):
    return f"{value:.2f}" if isinstance(value, Decimal) else str(value)


class Command(BaseCommand):
    help = "Reports."
    requires_migrations_checks = True

    def add_arguments(self, parser):
        parser.add_argument("--days", action="store_true")

    def handle(self, *args, days, **options):
        newest = Stay.objects.filter(ward=OuterRef("pk")).order_by("-came").values("patient__email")[:1]
        wards = Ward.objects.with_free().annotate(newest=Coalesce(Subquery(newest), Value("nobody"))).order_by("code")
        for ward in wards.prefetch_related("staff", "changes"):
            staff = ", ".join(sorted(person.name for person in ward.staff.all())) or "-"
            self.stdout.write(f"{ward}: {ward.taken} of {ward.beds}, {ward.newest}, {staff}, {ward.changes.count()}")
        length = ExpressionWrapper(F("left") - F("came"), output_field=DurationField())
        said = Stay.objects.filter(left__isnull=False).aggregate(Count("pk"), Avg("cost"), Sum("cost"), mean=Avg(length))
        self.stdout.write(", ".join(f"{name} {told(value)}" for name, value in sorted(said.items())))
        if days:
            for row in Stay.objects.annotate(day=TruncDay("came")).values("day").annotate(n=Count("pk")).order_by("day"):
                self.stdout.write(f"  {row['day']:%d %B %Y}: {row['n']}", ending=" |\n")
