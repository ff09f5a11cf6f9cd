from django.db.models.signals import post_delete, post_migrate, post_save
from django.dispatch import receiver

from wards.models import Change, Stay, Ward


@receiver([post_save, post_delete], sender=Stay)
def keep_record(sender, instance, created=None, raw=False, **kwargs):
    if raw:
        return
    what = "deleted" if created is None else "created" if created else "changed"
    Change.objects.create(subject=instance.ward, text=f"{what}: {instance}")


@receiver(post_migrate)
def first_ward(sender, using, verbosity, **kwargs):
    if sender.name == "wards" and Ward._meta.db_table in tables(using):
        Ward.objects.using(using).get_or_create(code="A", defaults={"name": "Admission", "kind": "general"})


def tables(using):
    from django.db import connections

    return connections[using].introspection.table_names()
