"""``django.contrib.sessions``: where sessions are kept, as SESSION_ENGINE names it. Those of the data side are here."""
