"""Library knowledge: loads the rows of ``rules/*.toml``."""

from django_async_migrate.catalog.loader import load, load_from, rules_folder
from django_async_migrate.catalog.rows import (
    Bridge,
    Catalog,
    FieldClass,
    Function,
    ModelMethod,
    QuerySetMethod,
    RelatedManagerMethod,
    StockManager,
    StockManagerClass,
    StockMember,
    StockModel,
    StockRelation,
    Version,
    available,
)

__all__ = [
    "Bridge",
    "Catalog",
    "FieldClass",
    "Function",
    "ModelMethod",
    "QuerySetMethod",
    "RelatedManagerMethod",
    "StockManager",
    "StockManagerClass",
    "StockMember",
    "StockModel",
    "StockRelation",
    "Version",
    "available",
    "load",
    "load_from",
    "rules_folder",
]
