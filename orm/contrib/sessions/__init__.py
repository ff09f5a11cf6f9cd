"""Sessions: the table of Django's application of the same name, to be read, counted and cleared."""
