"""Applications that come with the library: models of their own, on top of the model layer."""
