"""Stands in for geopy, which the tests do without."""
