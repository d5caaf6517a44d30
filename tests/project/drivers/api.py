"""Entry points of ``api``."""

from __future__ import annotations

from collections.abc import Awaitable

from project.shop import Shop

_KEY, _READ_ONLY = "a" * 40, "b" * 40


def books(shop: Shop) -> Awaitable[object]:
    return shop.get("/api/v2/books/?size=2", key=_KEY)


def book(shop: Shop) -> Awaitable[object]:
    book = shop.row("catalogue.Book", slug="the-lighthouse")
    return shop.get(f"/api/v2/books/{book.pk}/", key=_KEY)


def book_missing(shop: Shop) -> Awaitable[object]:
    return shop.get("/api/v2/books/0/", key=_KEY, status=404)


def no_token(shop: Shop) -> Awaitable[object]:
    return shop.get("/api/v2/books/", status=401)


def bad_token(shop: Shop) -> Awaitable[object]:
    return shop.get("/api/v2/books/", key="c" * 40, status=401)


def token_of_closed_account(shop: Shop) -> Awaitable[object]:
    user = shop.row("accounts.User", username="ada")
    user.is_active = False
    user.save()
    return shop.get("/api/v2/books/", key=_KEY, status=401)


def token_without_scope(shop: Shop) -> Awaitable[object]:
    return shop.get("/api/v2/stock/low/", key=_READ_ONLY, status=403)


def wrong_method(shop: Shop) -> Awaitable[object]:
    return shop.post("/api/v2/books/", key=_KEY, status=405)


def genre(shop: Shop) -> Awaitable[object]:
    return shop.get("/api/v2/genres/crime/", key=_KEY)


def editions(shop: Shop) -> Awaitable[object]:
    return shop.get("/api/v2/editions/?isbn=9780000000019", key=_KEY)


def stock(shop: Shop) -> Awaitable[object]:
    return shop.get("/api/v2/stock/?isbn=9780000000019", key=_KEY)


def low_stock(shop: Shop) -> Awaitable[object]:
    return shop.get("/api/v2/stock/low/", key=_KEY)


def receive(shop: Shop) -> Awaitable[object]:
    data = {"isbn": "9780000000019", "quantity": 2}
    return shop.post("/api/v2/stock/receive/#json", data, key=_KEY)


def receive_unknown(shop: Shop) -> Awaitable[object]:
    return shop.post("/api/v2/stock/receive/#json", {"isbn": "1"}, key=_KEY, status=404)


def orders(shop: Shop) -> Awaitable[object]:
    return shop.get("/api/v2/orders/", key=_KEY)


def order(shop: Shop) -> Awaitable[object]:
    return shop.get("/api/v2/orders/PL-PAID/", key=_KEY)


def latest_order(shop: Shop) -> Awaitable[object]:
    return shop.get("/api/v2/orders/latest/", key=_KEY)


def no_latest_order(shop: Shop) -> Awaitable[object]:
    shop.row("orders.Order", reference="PL-SHIPPED").delete(hard=True)
    return shop.get("/api/v2/orders/latest/", key=_READ_ONLY)


def voucher(shop: Shop) -> Awaitable[object]:
    return shop.post("/api/v2/orders/PL-PLACED/voucher/#json", {"code": "SPRING"}, key=_KEY)


def voucher_threaded(shop: Shop) -> Awaitable[object]:
    path = "/api/v2/orders/PL-PLACED/voucher/?threaded=1#json"
    return shop.post(path, {"code": "SPRING"}, key=_KEY)


def picks(shop: Shop) -> Awaitable[object]:
    return shop.get("/api/v2/picks/", key=_KEY)


def reading_list(shop: Shop) -> Awaitable[object]:
    book = shop.row("catalogue.Book", slug="the-lighthouse")
    return shop.get(f"/api/v2/picks/?id={book.pk}&id=0", key=_KEY)


def charts(shop: Shop) -> Awaitable[object]:
    return shop.get("/api/v2/charts/", key=_KEY)


def stats(shop: Shop) -> Awaitable[object]:
    return shop.get("/api/v2/stats/", key=_KEY)


def health(shop: Shop) -> Awaitable[object]:
    return shop.get("/api/v2/health/")


def tokens(shop: Shop) -> Awaitable[object]:
    return shop.get("/api/v2/tokens/", key=_KEY)


def announce(shop: Shop) -> Awaitable[object]:
    from api.v2.webhooks import announce

    return announce("order.placed", {"reference": "PL-1"})


def announce_quietly(shop: Shop) -> Awaitable[object]:
    from api.v2.webhooks import announce_quietly

    return announce_quietly("stock.received", {})


def retry_failed(shop: Shop) -> Awaitable[object]:
    from api.v2.webhooks import retry_failed

    for name in ("https://partner.example/hook", "https://broken.example/hook"):
        shop.row("api.Webhook", url=name).calls.create(event="stock.received", status=500)
    return retry_failed()
