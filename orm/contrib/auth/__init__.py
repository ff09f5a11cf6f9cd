"""Users, groups and permissions: the data side of Django's application ``auth``, in its tables.

Which model is the user is the setting that ``AbstractUser``'s concrete model names in ``Meta.swappable``
(``swapped_models["AUTH_USER_MODEL"]``); ``get_user_model()`` gives it. Passwords are kept as hashes that Django reads.
Logging in, which belongs to requests, is not here.
"""
