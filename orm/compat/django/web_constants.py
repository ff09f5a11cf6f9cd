"""Constants of Django's web that settings and models name: levels of messages, and words of the admin's addresses.

Source: Django's reference of the messages framework; the admin's are what its address lines show.
"""

from __future__ import annotations

DEBUG = 10
INFO = 20
SUCCESS = 25
WARNING = 30
ERROR = 40
DEFAULT_TAGS = {DEBUG: "debug", INFO: "info", SUCCESS: "success", WARNING: "warning", ERROR: "error"}
DEFAULT_LEVELS = {"DEBUG": DEBUG, "INFO": INFO, "SUCCESS": SUCCESS, "WARNING": WARNING, "ERROR": ERROR}

ALL_VAR = "all"
ERROR_FLAG = "e"
IS_FACETS_VAR = "_facets"
IS_POPUP_VAR = "_popup"
ORDER_VAR = "o"
PAGE_VAR = "p"
SEARCH_VAR = "q"
SOURCE_MODEL_VAR = "_source_model"
TO_FIELD_VAR = "_to_field"
IGNORED_PARAMS = (ALL_VAR, ORDER_VAR, SEARCH_VAR, IS_FACETS_VAR, IS_POPUP_VAR, SOURCE_MODEL_VAR, TO_FIELD_VAR)
