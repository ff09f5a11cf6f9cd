import logging

from django.db.models.signals import post_save
from django.dispatch import receiver

log = logging.getLogger("books")


@receiver(post_save, sender="library.Book")
def saved(sender, instance, created, **named):
    log.info("saved %s", instance.title)
