"""How a query is said: nodes, expressions, lookups, functions, the compiler and the dialect. Nothing here waits."""
