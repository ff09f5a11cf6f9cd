"""Numbers without gaps."""

from start import configure, make_tables

configure("sequences")
from django.db import transaction
from sequences import Sequence, delete, get_last_value, get_next_value
from sequences.models import Sequence as Row

make_tables()
print(
    get_next_value(),
    get_next_value(),
    get_next_value("cases"),
    get_next_value("cases", initial_value=5),
    get_last_value("cases"),
)
print(
    get_next_value("round", initial_value=2, reset_value=4),
    get_next_value("round", 2, reset_value=4),
    get_next_value("round", 2, reset_value=4),
)
print(get_last_value("none"), delete("round"), delete("round"))
try:
    with transaction.atomic():
        get_next_value("cases")
        raise ValueError
except ValueError:
    pass
claims = Sequence("claims", initial_value=100)
print(next(claims), claims.get_next_value(), claims.get_last_value(), get_last_value("cases"))
print(list(get_next_value("many") for _ in range(3)), list(Row.objects.order_by("name").values_list("name", "last")))
