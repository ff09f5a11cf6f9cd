"""One file that uses much of the ORM: abstract bases, querysets as managers, through tables, custom lookups, signals."""

import os
from datetime import date, datetime, timedelta, timezone as zones
from decimal import Decimal

import django
from django.conf import settings

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": os.environ.get("TEST_ENGINE", "django.db.backends.sqlite3"),
            "NAME": os.environ.get("TEST_NAME", "company.sqlite3"),
            "USER": os.environ.get("TEST_USER", ""),
            "PASSWORD": os.environ.get("TEST_PASSWORD", ""),
            "HOST": os.environ.get("TEST_HOST", ""),
            "PORT": os.environ.get("TEST_PORT", ""),
        }
    },
    INSTALLED_APPS=["__main__"],
    TIME_ZONE="UTC",
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
django.setup()

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import IntegrityError, connection, models, transaction
from django.db.models import (
    BooleanField,
    CharField,
    Count,
    DecimalField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    Lookup,
    Max,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    Window,
)
from django.db.models.functions import Concat, ExtractYear, Length, Rank, RowNumber, TruncMonth
from django.db.models.signals import m2m_changed, post_delete, pre_delete, pre_save


class Stamped(models.Model):
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True
        ordering = ["name"]


class PersonQuerySet(QuerySet):
    def seniors(self):
        return self.filter(hired__year__lt=2015)

    def with_name(self, part):
        return self.filter(name__icontains=part)


class Department(Stamped):
    name = models.CharField(max_length=50, unique=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children")

    class Meta(Stamped.Meta):
        app_label = "__main__"
        db_table = "company_department"

    def __str__(self):
        return self.name

    def path(self):
        return f"{self.parent.path()}/{self.name}" if self.parent else self.name


class Person(Stamped):
    name = models.CharField(max_length=80, validators=[RegexValidator(r"^[A-Z]", "begins with a capital")])
    email = models.EmailField(blank=True)
    hired = models.DateField()
    salary = models.DecimalField(max_digits=9, decimal_places=2, validators=[MinValueValidator(1)])
    department = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="staff")
    boss = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    skills = models.ManyToManyField("Skill", through="Mastery", related_name="people")
    settings = models.JSONField(default=dict)

    objects = PersonQuerySet.as_manager()

    class Meta(Stamped.Meta):
        app_label = "__main__"
        db_table = "company_person"
        indexes = [models.Index(fields=["hired"])]
        constraints = [
            models.UniqueConstraint(fields=["name", "department"], name="one_name_each"),
            models.CheckConstraint(condition=Q(salary__gt=0), name="paid"),
        ]

    def __str__(self):
        return self.name

    def clean(self):
        if self.hired > date(2030, 1, 1):
            raise ValidationError({"hired": "in the future"})

    def save(self, *args, **kwargs):
        if not self.email:
            self.email = f"{self.name.lower()}@example.org"
        super().save(*args, **kwargs)

    @property
    def first_letter(self):
        return self.name[0]


class Badge(models.Model):
    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True)
    number = models.IntegerField()

    class Meta:
        app_label = "__main__"
        db_table = "company_badge"


class Skill(models.Model):
    name = models.CharField(max_length=30)

    class Meta:
        app_label = "__main__"
        db_table = "company_skill"

    def __str__(self):
        return self.name


class Mastery(models.Model):
    class Level(models.IntegerChoices):
        BASIC = 1
        GOOD = 2, "Good enough"
        EXPERT = 3

    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    skill = models.ForeignKey(Skill, on_delete=models.CASCADE)
    level = models.IntegerField(choices=Level.choices, default=Level.BASIC)

    class Meta:
        app_label = "__main__"
        db_table = "company_mastery"
        unique_together = ("person", "skill")


class Team(models.Model):
    name = models.CharField(max_length=30)
    members = models.ManyToManyField(Person, related_name="teams")

    class Meta:
        app_label = "__main__"
        db_table = "company_team"


@CharField.register_lookup
class NotEqual(Lookup):
    lookup_name = "ne"

    def as_sql(self, compiler, connection):
        lhs, lhs_params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return f"{lhs} <> {rhs}", [*lhs_params, *rhs_params]


class Twice(Func):
    function = "ABS"
    template = "(%(function)s(%(expressions)s) * 2)"


MODELS = [Department, Person, Skill, Mastery, Badge, Team]
heard = []


def hear(name):
    def receive(sender, **kwargs):
        heard.append((name, sender.__name__, kwargs.get("action")))

    return receive


receivers = {name: hear(name) for name in ("pre_save", "pre_delete", "post_delete", "m2m")}


def connect():
    pre_save.connect(receivers["pre_save"], sender=Department)
    pre_delete.connect(receivers["pre_delete"], sender=Skill)
    post_delete.connect(receivers["post_delete"], sender=Skill)
    m2m_changed.connect(receivers["m2m"], sender=Team.members.through)


def fill():
    connect()
    head = Department.objects.create(name="Head")
    research = Department.objects.create(name="Research", parent=head)
    sales = head.children.create(name="Sales")
    print(research.path(), [str(d) for d in head.children.all()], heard)
    people = {}
    for number, (name, department) in enumerate(
        [("Ada", research), ("Bob", sales), ("Cid", research), ("Dot", sales), ("Eve", head)]
    ):
        people[name] = Person.objects.create(
            name=name,
            hired=date(2012 + number, number + 1, 10),
            salary=Decimal(1000 + 250 * number),
            department=department,
            settings={"theme": "dark" if number % 2 else "light", "size": number, "tags": ["x"] * number},
        )
    Person.objects.exclude(name="Eve").update(boss=people["Eve"])
    python, sql = Skill.objects.create(name="Python"), Skill.objects.create(name="SQL")
    Mastery.objects.bulk_create(
        [
            Mastery(person=people["Ada"], skill=python, level=Mastery.Level.EXPERT),
            Mastery(person=people["Ada"], skill=sql),
            Mastery(person=people["Cid"], skill=sql, level=2),
        ]
    )
    people["Bob"].skills.add(python, through_defaults={"level": 2})
    Badge.objects.create(person=people["Ada"], number=7)
    team = Team.objects.create(name="Blue")
    team.members.set([people["Ada"], people["Bob"]])
    team.members.remove(people["Bob"])
    print(people["Ada"].email, people["Ada"].badge.number, hasattr(people["Bob"], "badge"), heard[-4:])


def managers():
    print([p.name for p in Person.objects.seniors()], Person.objects.with_name("o").seniors().count())
    print([p.name for p in Department.objects.get(name="Research").staff.seniors().with_name("a")])
    print(Person.objects.filter(skills__name="SQL", mastery__level=2).values_list("name", flat=True).get())
    print([(m.skill.name, m.get_level_display()) for m in Mastery.objects.filter(person__name="Ada").order_by("level")])
    print(sorted(s.name for s in Person.objects.get(name="Ada").skills.all()), Mastery.Level(2).label)
    print(Badge.objects.get(pk=Person.objects.get(name="Ada")).person.first_letter)
    print(Person.objects.filter(badge__isnull=False).count(), Person.objects.filter(boss__name="Eve").count())


def questions():
    print([p.name for p in Person.objects.filter(name__ne="Ada", department__name__in=["Sales", "Research"])])
    print(list(Person.objects.annotate(double=Twice("salary")).values_list("name", "double")[1:3].values_list("name")))
    print([int(p.double) for p in Person.objects.annotate(double=Twice(F("salary"), output_field=DecimalField()))])
    print(list(Person.objects.values_list("department__name").annotate(n=Count("id"), top=Max("hired")).order_by("department__name")))
    print(list(Person.objects.values("hired__year").annotate(n=Count("*")).filter(n__gte=1).order_by("-hired__year")[:2]))
    print(list(Person.objects.annotate(year=ExtractYear("hired")).filter(year__gt=2013).values_list("year", flat=True)))
    print(list(Person.objects.annotate(month=TruncMonth("hired")).values_list("month", flat=True)[:2]))
    rank = Window(Rank(), partition_by=F("department"), order_by=F("salary").desc())
    print([(p.name, p.rank) for p in Person.objects.annotate(rank=rank).order_by("name")])
    print([p.row for p in Person.objects.annotate(row=Window(RowNumber(), order_by="name")).order_by("-name")])
    full = Concat("name", Value(" of "), "department__name")
    print([p.full for p in Person.objects.annotate(full=full, size=Length("name")).filter(size=3)[:2]])
    total = ExpressionWrapper(F("salary") * 12, output_field=DecimalField(max_digits=12, decimal_places=2))
    print([f"{p.year:.2f}" for p in Person.objects.annotate(year=total).filter(year__gte=15000)])
    rich = Person.objects.filter(department=OuterRef("pk"), salary__gt=1400)
    print([(d.name, d.rich) for d in Department.objects.annotate(rich=Exists(rich))])
    best = rich.order_by("-salary").values("name")[:1]
    print(list(Department.objects.annotate(best=Subquery(best)).values_list("name", "best")))
    counted = Department.objects.annotate(well=Count("staff", filter=Q(staff__salary__gte=1500)), all=Count("staff")).order_by("name")
    print([(d.name, d.well, d.all) for d in counted])
    print(Person.objects.aggregate(pay=Sum("salary", filter=Q(name__lt="C")), names=Count("name", distinct=True))["names"])
    print([p.name for p in Person.objects.filter(settings__theme="dark")])
    print([p.name for p in Person.objects.filter(settings__size__gte=3)], Person.objects.filter(settings__tags__0="x").count())
    print([p.name for p in Person.objects.filter(settings__has_key="theme").order_by(F("boss").asc(nulls_first=True))][0])
    either = Person.objects.filter(name="Ada").order_by().values_list("name").union(Skill.objects.values_list("name"))
    print(sorted(row[0] for row in either))
    print([p.name for p in Person.objects.filter(Q(name="Ada") | ~Q(department__name="Sales")).order_by("-hired")])
    print([p.name for p in Person.objects.exclude(teams__name="Blue")], Person.objects.filter(teams=None).count())
    print([d.name for d in Department.objects.filter(staff__name="Ada").filter(staff__name="Cid")])
    print([d.name for d in Department.objects.filter(staff__name="Ada", staff__hired__year=2014)])
    print([row.name for row in Person.objects.values_list("name", "salary", named=True)][:2])
    print(Person.objects.only("name").get(name="Bob").email, Person.objects.defer("email").first().hired)
    print(Person.objects.order_by("?").count(), Person.objects.reverse()[0].name, Person.objects.distinct().count())
    print([p.name for p in Person.objects.iterator(chunk_size=2)], Person.objects.contains(Person.objects.get(name="Ada")))
    print([p.pk == key for key, p in Person.objects.in_bulk([1, 2]).items()], Person.objects.filter(pk__in=[]).exists())
    senior = ExpressionWrapper(Q(hired__lt=date(2014, 1, 1)), output_field=BooleanField())
    print([p.senior for p in Person.objects.annotate(senior=senior)])
    skilled = Prefetch("mastery_set", Mastery.objects.select_related("skill").order_by("skill__name"), to_attr="known")
    print([(p.name, [m.skill.name for m in p.known]) for p in Person.objects.prefetch_related(skilled)][:3])
    deep = Department.objects.prefetch_related("staff__skills").get(name="Research")
    print([(p.name, sorted(s.name for s in p.skills.all())) for p in deep.staff.all()])
    print(Person.objects.select_related("department__parent", "boss").get(name="Ada").department.parent.name)


def writes():
    try:
        Person(name="small", hired=date(2031, 1, 1), salary=0).full_clean(exclude=["department"])
    except ValidationError as error:
        print(sorted(error.message_dict), error.message_dict["name"], error.message_dict["salary"])
    for wrong in (
        lambda: Person.objects.create(name="Ada", hired=date.today(), salary=1, department=Department.objects.get(name="Research")),
        lambda: Person.objects.create(name="Zed", hired=date.today(), salary=-1, department=Department.objects.first()),
        lambda: Skill.objects.create(name=None),
    ):
        try:
            with transaction.atomic():
                wrong()
        except IntegrityError:
            print("refused")
    Skill.objects.bulk_create([Skill(id=50, name="C")])
    print(len(Skill.objects.bulk_create([Skill(id=50, name="C"), Skill(id=51, name="Go")], ignore_conflicts=True)))
    Skill.objects.bulk_create(
        [Skill(id=51, name="Golang")], update_conflicts=True, update_fields=["name"], unique_fields=["id"]
    )
    print(Skill.objects.get(id=51).name, Skill.objects.count())
    lead = Person.objects.filter(department=OuterRef("department")).order_by("-salary").values("salary")[:1]
    print(Person.objects.update(salary=Subquery(lead)), sorted({f"{p.salary:.0f}" for p in Person.objects.all()}))
    skill = Skill.objects.get(name="C")
    copy = Skill.objects.get(pk=skill.pk)
    copy.name = "C++"
    copy.save()
    skill.refresh_from_db(fields=["name"])
    print(skill.name, skill == copy, len({skill, copy}))
    copy.pk = None
    copy.save()
    print(copy.pk != skill.pk, Skill.objects.filter(name="C++").delete()[0], heard[-4:])
    print(Department.objects.filter(name="Research").delete()[1].get("__main__.Person"))
    print(Department.objects.get(name="Sales").staff.count(), Mastery.objects.count(), Badge.objects.count())
    sales = Department.objects.get(name="Sales")
    Department.objects.get(name="Head").delete()
    sales.refresh_from_db()
    print(sales.parent, Person.objects.filter(boss=None).count())
    moment = datetime(2024, 5, 1, 12, 30, tzinfo=zones.utc)
    Department.objects.filter(pk=sales.pk).update(created=moment)
    print(Department.objects.get(created__lte=moment + timedelta(seconds=1)).created.isoformat())
    with transaction.atomic():
        locked = Person.objects.select_for_update().filter(department=sales) if connection.vendor != "sqlite" else sales.staff.all()
        print([p.name for p in locked])


def main():
    with connection.schema_editor() as editor:
        for model in MODELS:
            editor.create_model(model)
    try:
        for part in (fill, managers, questions, writes):
            print("--", part.__name__)
            part()
    finally:
        with connection.schema_editor() as editor:
            for model in reversed(MODELS):
                editor.delete_model(model)


if __name__ == "__main__":
    main()
