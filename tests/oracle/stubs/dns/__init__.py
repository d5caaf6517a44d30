"""Stands in for dnspython, which the tests do without."""
