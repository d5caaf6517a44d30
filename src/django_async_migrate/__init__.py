"""Find where async Django code reaches synchronous queries, lazy relations and other blocking calls."""

__version__ = "0.1.0"
