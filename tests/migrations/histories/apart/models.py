from orm import models


class Owner(models.Model):
    name = models.CharField(max_length=20)

    class Meta:
        db_table = "mt_apart_owner"


class Pet(models.Model):
    owner = models.ForeignKey(Owner, models.CASCADE)
    name = models.CharField(max_length=20)
    age = models.IntegerField(default=3)

    class Meta:
        db_table = "mt_apart_pet"
        indexes = [models.Index(fields=["name"], name="mt_apart_pet_name")]
