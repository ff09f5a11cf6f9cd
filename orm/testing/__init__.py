"""What helps to test: a conformance suite for whoever brings a backend (``orm.testing.conformance``)."""
