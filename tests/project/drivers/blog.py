"""Entry points of ``blog``."""

from __future__ import annotations

from collections.abc import Awaitable

from project.shop import Shop


def post_list(shop: Shop) -> Awaitable[object]:
    return shop.get("/blog/m/?limit=5")


def teasers(shop: Shop) -> Awaitable[object]:
    return shop.get("/blog/m/teasers/")


def detail(shop: Shop) -> Awaitable[object]:
    return shop.get("/blog/m/spring-books/")


def detail_of_latest(shop: Shop) -> Awaitable[object]:
    return shop.get("/blog/m/quiet-hours/")


def detail_of_first(shop: Shop) -> Awaitable[object]:
    return shop.get("/blog/m/we-are-open/")


def short_link(shop: Shop) -> Awaitable[object]:
    return shop.get(f"/blog/m/id/{shop.row('blog.Post', slug='spring-books').pk}/")


def comments(shop: Shop) -> Awaitable[object]:
    return shop.get("/blog/m/spring-books/comments/")


def comment(shop: Shop) -> Awaitable[object]:
    return shop.post("/blog/m/spring-books/comments/", {"text": "More!"}, user="ben", status=201)


def comment_by_author(shop: Shop) -> Awaitable[object]:
    return shop.post("/blog/m/spring-books/comments/", {"text": "Soon."}, user="dora", status=201)


def like(shop: Shop) -> Awaitable[object]:
    return shop.post("/blog/m/spring-books/like/", user="ben")


def unlike(shop: Shop) -> Awaitable[object]:
    return shop.post("/blog/m/spring-books/like/", user="ada")


def categories(shop: Shop) -> Awaitable[object]:
    return shop.get("/blog/m/categories/")


def editors(shop: Shop) -> Awaitable[object]:
    return shop.get("/blog/m/editors/")


def tag_cloud(shop: Shop) -> Awaitable[object]:
    return shop.get("/blog/m/tags/")


def archive(shop: Shop) -> Awaitable[object]:
    return shop.get("/blog/m/archive/")


def sitemap(shop: Shop) -> Awaitable[object]:
    return shop.get("/blog/m/sitemap.txt")


def comment_stream(shop: Shop) -> Awaitable[object]:
    return shop.get("/blog/m/spring-books/stream/")
