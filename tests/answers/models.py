"""A small schema for questions of any kind: NULLs, a relation to itself, several relations with many rows."""

from __future__ import annotations

from orm import models


class Team(models.Model):
    rank = models.IntegerField(null=True)
    weight = models.IntegerField()


class Skill(models.Model):
    level = models.IntegerField(null=True)
    weight = models.IntegerField()


class Person(models.Model):
    age = models.IntegerField(null=True)
    weight = models.IntegerField()
    team = models.ForeignKey(Team, models.CASCADE, null=True, related_name="people")
    boss = models.ForeignKey("self", models.CASCADE, null=True, related_name="reports")
    skills = models.ManyToManyField(Skill, related_name="people")


class Task(models.Model):
    points = models.IntegerField(null=True)
    weight = models.IntegerField()
    person = models.ForeignKey(Person, models.CASCADE, related_name="tasks")
    helper = models.ForeignKey(Person, models.CASCADE, null=True, related_name="helped")


class Note(models.Model):
    size = models.IntegerField(null=True)
    task = models.ForeignKey(Task, models.CASCADE, related_name="notes")
