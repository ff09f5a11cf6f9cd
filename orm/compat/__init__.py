"""Other libraries' import names, for scripts that were written against them."""
