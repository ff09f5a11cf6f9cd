"""An application with three migrations, one of them over rows."""
