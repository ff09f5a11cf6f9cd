"""``django.utils.dates``: names of days and months by number."""

from orm.text.dateformat import AP_MONTH_NAMES, MONTH_NAMES, WEEKDAY_NAMES

WEEKDAYS = dict(enumerate(WEEKDAY_NAMES))
WEEKDAYS_ABBR = {number: name[:3] for number, name in WEEKDAYS.items()}
MONTHS = dict(enumerate(MONTH_NAMES, 1))
MONTHS_3 = {number: name[:3].lower() for number, name in MONTHS.items()}
MONTHS_ALT = MONTHS
MONTHS_AP = dict(enumerate(AP_MONTH_NAMES, 1))
