"""Entry points of ``catalogue``."""

from __future__ import annotations

from collections.abc import Awaitable

from project.shop import Shop

_HARDBACK, _AUDIO, _EBOOK = "9780000000026", "9780000000033", "9780000000064"


def book_list(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/")


def book_list_of_genre(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/?genre=crime&page=1")


def book(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/the-lighthouse/")


def book_not_for_sale(shop: Shop) -> Awaitable[object]:
    edition = shop.row("catalogue.Edition", isbn="9780000000057")
    edition.withdrawn = True
    edition.save()
    return shop.get("/books/m/salt/")


def book_missing(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/nothing/", status=404)


def book_page(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/the-lighthouse/page/")


def book_page_missing(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/nothing/page/", status=404)


def search(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/search/?q=night")


def search_in_vain(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/search/?q=zzz")


def search_for_nothing(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/search/")


def suggest(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/suggest/?q=the")


def suggest_gift(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/suggest/?q=gift")


def genre(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/genres/crime/")


def genre_root(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/genres/fiction/")


def genre_missing(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/genres/nothing/", status=404)


def genre_menu(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/genres/")


def new_arrivals(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/new/")


def shelf_list(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/shelf/")


def stock_status(shop: Shop) -> Awaitable[object]:
    return shop.get(f"/books/m/stock/{_HARDBACK}/")


def stock_status_of_ebook(shop: Shop) -> Awaitable[object]:
    return shop.get(f"/books/m/stock/{_EBOOK}/")


def stock_status_missing(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/stock/1/", status=404)


def stock_bulk(shop: Shop) -> Awaitable[object]:
    return shop.get(f"/books/m/stock/?isbns={_HARDBACK},{_EBOOK},1")


def formats(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/the-lighthouse/formats/")


def for_you(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/for-you/", user="ada")


def for_you_without_genres(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/for-you/", user="ben")


def stats(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/stats/")


def publisher(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/publishers/little-harbour/")


def author(shop: Shop) -> Awaitable[object]:
    return shop.get(f"/books/m/authors/{shop.row('catalogue.Author', name='June Abel').pk}/")


def edition(shop: Shop) -> Awaitable[object]:
    return shop.get(f"/books/m/editions/{_HARDBACK}/")


def audio_edition(shop: Shop) -> Awaitable[object]:
    return shop.get(f"/books/m/editions/{_AUDIO}/")


def reviews(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/the-lighthouse/reviews/")


def reviews_of_nothing(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/nothing/reviews/", status=404)


def review(shop: Shop) -> Awaitable[object]:
    return shop.post("/books/m/salt/reviews/#json", {"rating": 4}, user="ada", status=201)


def review_by_staff(shop: Shop) -> Awaitable[object]:
    return shop.post("/books/m/salt/reviews/#json", {"rating": 4}, user="cleo", status=201)


def moderation(shop: Shop) -> Awaitable[object]:
    return shop.get("/books/m/moderation/")


def moderate(shop: Shop) -> Awaitable[object]:
    review = shop.row("catalogue.Review", approved=False)
    return shop.post("/books/m/moderation/#json", {"approve": [review.pk]})


def related(shop: Shop) -> Awaitable[object]:
    from catalogue.recommendations import related_books

    return related_books(shop.row("catalogue.Book", slug="night-ferry"))


def stock_feed(shop: Shop) -> Awaitable[object]:
    from catalogue.stock_feed import StockFeed

    return StockFeed().run([f"{_HARDBACK},1", "x,y", f"{_EBOOK},4", "123,4", "9780000000019,50"])


def stock_feed_with_too_many_unknown_books(shop: Shop) -> Awaitable[object]:
    from catalogue.stock_feed import CheckedStockFeed

    return CheckedStockFeed().run([f"{number},1" for number in range(11)])
