"""Labels: their format, what gives them, and reading them back."""
