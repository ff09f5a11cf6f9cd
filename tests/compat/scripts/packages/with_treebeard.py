"""django-treebeard: materialised paths, nested sets and adjacency lists, as its tutorial shows them."""

from start import configure, make_tables, show

configure("treebeard")

import warnings

from django.db import models
from treebeard.al_tree import AL_Node
from treebeard.exceptions import InvalidMoveToDescendant, InvalidPosition, PathOverflow
from treebeard.mp_tree import MP_Node, MP_NodeManager, MP_NodeQuerySet
from treebeard.ns_tree import NS_Node


class Category(MP_Node):
    name = models.CharField(max_length=30)

    node_order_by = ["name"]

    def __str__(self):
        return f"Category: {self.name}"


class Place(MP_Node):
    steplen = 1
    alphabet = "0123456"
    name = models.CharField(max_length=30)

    class Meta:
        ordering = ["path"]

    def __str__(self):
        return self.name


class Part(NS_Node):
    name = models.CharField(max_length=30)

    def __str__(self):
        return self.name


class SortedPart(NS_Node):
    name = models.CharField(max_length=30)
    node_order_by = ["name"]

    def __str__(self):
        return self.name


class Person(AL_Node):
    parent = models.ForeignKey("self", models.CASCADE, related_name="children_set", null=True, db_index=True)
    sib_order = models.PositiveIntegerField()
    name = models.CharField(max_length=30)

    def __str__(self):
        return self.name


class SortedPerson(AL_Node):
    parent = models.ForeignKey("self", models.CASCADE, related_name="children_set", null=True, db_index=True)
    name = models.CharField(max_length=30)
    node_order_by = ["name"]

    def __str__(self):
        return self.name


make_tables()

warnings.simplefilter("ignore")  # some of these methods will belong to managers
TREES = (Category, Place, Part, SortedPart, Person, SortedPerson)


def names(nodes):
    return [node.name for node in nodes]


def drawn(model):
    for node, info in model.get_annotated_list_qs(model.get_tree()) if hasattr(model, "get_annotated_list_qs") else ():
        print("  ", "open" if info["open"] else "next", info["level"], node.name, len(info["close"]))


for model in TREES:
    print("==", model.__name__)
    get = lambda pk, model=model: model.objects.get(pk=pk)
    root = model.add_root(name="Computer Hardware")
    memory = get(root.pk).add_child(name="Memory")
    get(root.pk).add_child(name="Hard Drives")
    get(memory.pk).add_sibling(pos="sorted-sibling" if model.node_order_by else "last-sibling", name="SSD")
    get(memory.pk).add_child(name="Desktop Memory")
    get(memory.pk).add_child(name="Laptop Memory")
    get(memory.pk).add_child(name="Server Memory")
    other = model.add_root(name="Apples")
    get(other.pk).add_child(name="Green")
    print(names(model.get_root_nodes()), names(model.get_tree()))
    drawn(model)
    memory = get(memory.pk)
    print(memory.get_depth(), memory.is_root(), memory.is_leaf(), memory.get_parent(), memory.get_root())
    print(names(memory.get_children()), memory.get_children_count(), memory.get_descendant_count())
    print(names(memory.get_siblings()), names(memory.get_ancestors()), names(memory.get_descendants()))
    print(memory.get_first_child(), memory.get_last_child(), memory.get_first_sibling(), memory.get_last_sibling())
    if model is not SortedPerson:
        print(memory.get_prev_sibling(), memory.get_next_sibling())
    child = memory.get_first_child()
    print(child.is_descendant_of(memory), child.is_child_of(memory), child.is_sibling_of(memory))
    try:
        memory.move(get(child.pk), "sorted-child" if model.node_order_by else "first-child")
    except InvalidMoveToDescendant as error:
        print(type(error).__name__, error)
    try:
        memory.add_sibling("nowhere", name="x")
    except InvalidPosition as error:
        print(type(error).__name__, error)
    get(child.pk).move(get(root.pk), "sorted-sibling" if model.node_order_by else "left")
    print(names(model.get_tree()))
    get(memory.pk).move(get(other.pk), "sorted-child" if model.node_order_by else "first-child")
    print(names(model.get_tree()), names(get(other.pk).get_descendants()))
    print(None if issubclass(model, AL_Node) else model.find_problems())
    print(model.dump_bulk(keep_ids=False))
    print(get(memory.pk).delete())
    print(names(model.get_tree()), model.objects.count())
    with_children = model.load_bulk(
        [{"data": {"name": "One"}, "children": [{"data": {"name": "Two"}}, {"data": {"name": "Three"}}]}], None
    )
    print(len(with_children), model.dump_bulk(keep_ids=False))
    print(names(model.get_descendants_group_count()))
    print([(node.name, node.descendants_count) for node in model.get_descendants_group_count()])
    print(model.objects.filter(name__startswith="A").delete())
    show(model)
    print(type(model.objects).__mro__[0].__name__, type(model.objects.all()).__name__)

try:
    for number in range(9):
        Place.add_root(name=str(number))
except PathOverflow as error:
    print(type(error).__name__)
print(isinstance(Place.objects, MP_NodeManager), isinstance(Place.objects.all(), MP_NodeQuerySet))
Place.fix_tree()
print(Place.find_problems(), Category.find_problems())
Category.objects.all().delete()
print(Category.objects.count())
show(Place)
