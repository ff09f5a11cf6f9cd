"""django-waffle: flags, switches and samples, kept in tables and caches, without requests."""

from start import configure, make_tables, show

configure("waffle", WAFFLE_CREATE_MISSING_SWITCHES=True, WAFFLE_CREATE_MISSING_SAMPLES=False)

import waffle
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from waffle.models import Flag, Sample, Switch
from waffle.testutils import override_flag, override_sample, override_switch

make_tables()

print(waffle.switch_is_active("new"), Switch.objects.values_list("name", "active"))
Switch.objects.filter(name="new").update(active=True)
print(waffle.switch_is_active("new"))
switch = Switch.objects.get(name="new")
switch.active = True
switch.save()
print(waffle.switch_is_active("new"), str(switch))
print(waffle.sample_is_active("none"), Sample.objects.count())
Sample.objects.create(name="all", percent="100.0")
Sample.objects.create(name="no", percent="0.0")
print(waffle.sample_is_active("all"), waffle.sample_is_active("no"))
with override_switch("new", active=False):
    print(waffle.switch_is_active("new"))
with override_sample("no", active=True):
    print(waffle.sample_is_active("no"))
print(waffle.switch_is_active("new"), waffle.sample_is_active("no"))

ada = User.objects.create_user("ada", is_staff=True)
bob = User.objects.create_user("bob")
editors = Group.objects.create(name="editors")
bob.groups.add(editors)
staff = Flag.objects.create(name="staff", staff=True)
everyone = Flag.objects.create(name="everyone", everyone=True)
grouped = Flag.objects.create(name="grouped")
grouped.groups.add(editors)
single = Flag.objects.create(name="single")
single.users.add(ada)
for flag in Flag.objects.order_by("name"):
    print(flag.name, flag.is_active_for_user(ada), flag.is_active_for_user(bob), flag.everyone)
with override_flag("staff", active=True):
    print(Flag.get("staff").everyone)
print(Flag.get("staff").everyone, Flag.get("nothing").pk)
call_command("waffle_switch", "other", "on", "--create", verbosity=0)
call_command("waffle_flag", "made", "--everyone", "--create", verbosity=0)
call_command("waffle_sample", "some", "25", "--create", verbosity=0)
call_command("waffle_delete", "--flags", "single", verbosity=0)
print(Switch.objects.order_by("name").values_list("name", "active"))
print(Flag.objects.order_by("name").values_list("name", "everyone", "staff"))
print(Sample.objects.order_by("name").values_list("name", "percent"))
print(waffle.switch_is_active("other"), Flag.natural_key(staff), Flag.objects.get_by_natural_key("staff") == staff)
