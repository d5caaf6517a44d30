"""Stands in for Pillow, which the tests do without."""
