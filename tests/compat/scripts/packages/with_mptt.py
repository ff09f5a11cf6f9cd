"""django-mptt: trees of its tutorial, moved, inserted, deleted and rebuilt."""

from start import configure, make_tables, show

configure("mptt")

from django.db import models
from mptt.exceptions import InvalidMove
from mptt.managers import TreeManager
from mptt.models import MPTTModel, TreeForeignKey, TreeManyToManyField
from mptt.utils import drilldown_tree_for_node, get_cached_trees, previous_current_next, tree_item_iterator


class Genre(MPTTModel):
    name = models.CharField(max_length=50, unique=True)
    parent = TreeForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")

    class MPTTMeta:
        order_insertion_by = ["name"]

    def __str__(self):
        return self.name


class Game(models.Model):
    genre = TreeForeignKey(Genre, models.CASCADE, related_name="games")
    genres = TreeManyToManyField(Genre, related_name="all_games")
    name = models.CharField(max_length=50)


class Person(MPTTModel):
    name = models.CharField(max_length=50)
    boss = TreeForeignKey("self", models.CASCADE, null=True, related_name="staff")
    objects = TreeManager()

    class MPTTMeta:
        parent_attr = "boss"
        left_attr = "left"
        right_attr = "right"
        tree_id_attr = "tree"
        level_attr = "depth"


make_tables()


def names(nodes):
    return [node.name for node in nodes]


def tree(model):
    for node in model._tree_manager.all():
        opts = node._mptt_meta
        places = (getattr(node, name) for name in (opts.tree_id_attr, opts.left_attr, opts.right_attr, opts.level_attr))
        print("  " * node.get_level(), node.name, *places)


rock = Genre.objects.create(name="Rock")
blues = Genre.objects.create(name="Blues")
hard = Genre.objects.create(name="Hard Rock", parent=rock)
pop = Genre.objects.create(name="Pop Rock", parent=rock)
Genre.objects.create(name="Delta", parent=blues)
Genre.objects.insert_node(Genre(name="Alternative"), rock, save=True)
tree(Genre)
rock.refresh_from_db()
print(names(rock.get_children()), rock.get_descendant_count(), names(rock.get_descendants(include_self=True)))
print(names(pop.get_ancestors()), pop.get_root(), pop.is_leaf_node(), pop.is_child_node(), rock.is_root_node())
print(names(rock.get_leafnodes()), names(pop.get_family()), names(pop.get_siblings()))
pop = Genre.objects.get(name="Pop Rock")
print(pop.get_previous_sibling(), pop.get_next_sibling(), rock.is_ancestor_of(pop), pop.is_descendant_of(rock))
print(names(Genre.objects.root_nodes()), Genre.objects.root_node(1))
queryset = Genre.objects.filter(name__contains="ock")
print(names(Genre.objects.get_queryset_descendants(queryset, include_self=True)))
print(names(Genre.objects.get_queryset_ancestors(Genre.objects.filter(name="Delta"))))
for number, genre in enumerate([rock, hard, pop, hard]):
    game = Game.objects.create(name=f"g{number}", genre=genre)
    game.genres.set([genre, blues])
counted = Genre.objects.add_related_count(Genre.objects.all(), Game, "genre", "game_count", cumulative=True)
print([(genre.name, genre.game_count) for genre in counted])
counted = Genre.objects.add_related_count(Genre.objects.root_nodes(), Game, "genres", "seen", cumulative=False)
print([(genre.name, genre.seen) for genre in counted])
print([(str(node), sorted(info.items())) for node, info in tree_item_iterator(Genre.objects.all(), ancestors=True)])
print([[str(each) for each in three] for three in previous_current_next(list(Genre.objects.root_nodes()))])
print(names(drilldown_tree_for_node(rock)))
for root in get_cached_trees(Genre.objects.all()):
    print(root, names(root.get_children()))
pop.move_to(blues, "first-child")
tree(Genre)
blues.refresh_from_db()
pop.parent = None
pop.save()
tree(Genre)
try:
    rock.refresh_from_db()
    rock.move_to(Genre.objects.get(name="Hard Rock"))
except InvalidMove as error:
    print(type(error).__name__, error)
Genre.objects.move_node(Genre.objects.get(name="Delta"), Genre.objects.get(name="Hard Rock"), "left")
tree(Genre)
renamed = Genre.objects.get(name="Hard Rock")
renamed.name = "A Rock"
renamed.save()
tree(Genre)
print(Genre.objects.get(name="Rock").delete()[1])
tree(Genre)
with Genre.objects.delay_mptt_updates():
    Genre.objects.create(name="Jazz", parent=Genre.objects.get(name="Blues"))
    Genre.objects.create(name="Acid", parent=Genre.objects.get(name="Jazz"))
tree(Genre)
with Genre.objects.disable_mptt_updates():
    Genre.objects.create(name="Swing", parent=Genre.objects.get(name="Jazz"), lft=0, rght=0, level=0, tree_id=0)
Genre.objects.rebuild()
tree(Genre)
ada = Person.objects.create(name="Ada")
bob = Person(name="Bob")
bob.insert_at(ada, save=True)
carl = Person.objects.create(name="Carl", boss=bob)
Person.objects.bulk_create  # noqa: B018
Person.objects.create(name="Dora", boss=Person.objects.get(name="Ada"))
tree(Person)
print(names(Person.objects.get(name="Ada").get_descendants()), Person.objects.get(name="Carl").get_level())
late = Person.objects.only("name").get(name="Carl")
late.name = "Carla"
late.save()
Person.objects.get(name="Bob").delete()
tree(Person)
Person.objects.partial_rebuild(Person.objects.get(name="Ada").tree)
print(names(Genre.objects.build_tree_nodes({"name": "Folk", "children": [{"name": "Irish"}]})))
show(Game, Person)
