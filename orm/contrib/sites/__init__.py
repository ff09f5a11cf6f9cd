"""Sites: the table of Django's application of the same name, for rows that belong to one of several addresses."""
