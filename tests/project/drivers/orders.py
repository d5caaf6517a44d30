"""Entry points of ``orders``."""

from __future__ import annotations

from collections.abc import Awaitable

from project.shop import Shop, UnexpectedAnswer


async def _refused(work: Awaitable[object]) -> object:
    """Await something that raises one of the shop's own exceptions."""
    from common.exceptions import PaperleafError

    try:
        answer = await work
    except PaperleafError as error:
        return error
    raise UnexpectedAnswer(f"not refused: {answer!r}")


def my_orders(shop: Shop) -> Awaitable[object]:
    return shop.get("/orders/m/", user="ada")


def dashboard(shop: Shop) -> Awaitable[object]:
    return shop.get("/orders/m/dashboard/", user="ada")


def dashboard_with_an_empty_basket(shop: Shop) -> Awaitable[object]:
    return shop.get("/orders/m/dashboard/", user="ben")


def detail(shop: Shop) -> Awaitable[object]:
    return shop.get("/orders/m/PL-PAID/", user="ada")


def detail_of_somebody_else(shop: Shop) -> Awaitable[object]:
    return shop.get("/orders/m/PL-PAID/", user="ben", status=403)


def detail_missing(shop: Shop) -> Awaitable[object]:
    return shop.get("/orders/m/PL-0/", user="ada", status=404)


def checkout(shop: Shop) -> Awaitable[object]:
    address = shop.row("accounts.Address", label="Berlin")
    data = {"address": str(address.pk), "method": "post", "pay": "card"}
    return shop.post("/orders/m/checkout/", data, user="ada", status=201)


def checkout_without_method(shop: Shop) -> Awaitable[object]:
    address = shop.row("accounts.Address", label="Berlin")
    shop.row("orders.Cart", user__username="ada").delete()
    ada = shop.row("accounts.User", username="ada")
    ada.carts.create().items.create(edition=shop.row("catalogue.Edition", isbn="9780000000019"))
    return shop.post("/orders/m/checkout/", {"address": str(address.pk)}, user="ada", status=201)


def checkout_empty(shop: Shop) -> Awaitable[object]:
    return shop.post("/orders/m/checkout/", {}, user="ben", status=400)


def checkout_without_cart(shop: Shop) -> Awaitable[object]:
    return shop.post("/orders/m/checkout/", {}, user="dora", status=400)


def checkout_out_of_stock(shop: Shop) -> Awaitable[object]:
    cart = shop.row("orders.Cart", user__username="ada")
    cart.items.create(edition=shop.row("catalogue.Edition", isbn="9780000000026"), quantity=40)
    address = shop.row("accounts.Address", label="Berlin")
    return shop.post("/orders/m/checkout/", {"address": str(address.pk)}, user="ada", status=409)


def shipping(shop: Shop) -> Awaitable[object]:
    return shop.get("/orders/m/shipping/")


def shipping_abroad(shop: Shop) -> Awaitable[object]:
    return shop.get("/orders/m/shipping/?country=DE")


def cancel(shop: Shop) -> Awaitable[object]:
    return shop.post("/orders/m/PL-PLACED/actions/#json", {"action": "cancel"})


def cancel_paid(shop: Shop) -> Awaitable[object]:
    return shop.post("/orders/m/PL-PAID/actions/#json", {"action": "cancel"})


def cancel_unknown_copies(shop: Shop) -> Awaitable[object]:
    shop.row("catalogue.Stock", edition__isbn="9780000000057").delete()
    return shop.post("/orders/m/PL-PLACED/actions/#json", {"action": "cancel"})


def cancel_too_late(shop: Shop) -> Awaitable[object]:
    from orders.async_services import cancel

    return _refused(cancel("PL-SHIPPED"))


def cancel_shipped_partly(shop: Shop) -> Awaitable[object]:
    from orders.async_services import cancel

    shop.row("orders.Order", reference="PL-PAID").shipments.create()
    return _refused(cancel("PL-PAID"))


def cancel_missing(shop: Shop) -> Awaitable[object]:
    from orders.async_services import cancel

    return _refused(cancel("PL-0"))


def unknown_action(shop: Shop) -> Awaitable[object]:
    return shop.post("/orders/m/PL-PAID/actions/#json", {"action": "burn"}, status=400)


def resend(shop: Shop) -> Awaitable[object]:
    return shop.post("/orders/m/PL-PAID/actions/#json", {"action": "resend"})


def resend_to_guest(shop: Shop) -> Awaitable[object]:
    return shop.post("/orders/m/PL-GUEST/actions/#json", {"action": "resend"})


def resend_missing(shop: Shop) -> Awaitable[object]:
    from orders.async_services import resend_confirmation

    return _refused(resend_confirmation("PL-0"))


def timeline(shop: Shop) -> Awaitable[object]:
    return shop.get("/orders/m/PL-SHIPPED/timeline/")


def timeline_of_new_order(shop: Shop) -> Awaitable[object]:
    return shop.get("/orders/m/PL-GUEST/timeline/")


def export(shop: Shop) -> Awaitable[object]:
    return shop.get("/orders/m/export.csv")


def export_full(shop: Shop) -> Awaitable[object]:
    return shop.get("/orders/m/export.csv?full=1")


def export_shipments(shop: Shop) -> Awaitable[object]:
    return shop.get("/orders/m/shipments.csv")


def pay_too_much(shop: Shop) -> Awaitable[object]:
    from orders.async_services import pay_by_card

    order = shop.row("orders.Order", reference="PL-PLACED")
    order.grand_total = 9000
    return _refused(pay_by_card(order))


def pay_by_invoice(shop: Shop) -> Awaitable[object]:
    from orders.async_services import pay_by_invoice

    return pay_by_invoice("PL-PLACED")


def pay_by_invoice_as_guest(shop: Shop) -> Awaitable[object]:
    from orders.async_services import pay_by_invoice

    return _refused(pay_by_invoice("PL-GUEST"))


def apply_voucher(shop: Shop) -> Awaitable[object]:
    from orders.async_services import apply_voucher

    return apply_voucher(shop.row("orders.Order", reference="PL-PLACED"), "spring")


def voucher_fits(shop: Shop) -> Awaitable[object]:
    from orders.async_services import voucher_fits

    return voucher_fits("PL-PAID", shop.row("accounts.User", username="ada"))


def no_voucher_fits(shop: Shop) -> Awaitable[object]:
    from orders.async_services import voucher_fits

    return voucher_fits("PL-PLACED", shop.row("accounts.User", username="ada"))


def pack(shop: Shop) -> Awaitable[object]:
    from orders.async_services import pack

    return pack("PL-PAID")


def pack_locked(shop: Shop) -> Awaitable[object]:
    from orders.async_services import pack

    order = shop.row("orders.Order", reference="PL-PAID")
    order.locked_at = order.created_at
    order.save()
    return _refused(pack("PL-PAID"))


def pack_carefully(shop: Shop) -> Awaitable[object]:
    from orders.async_services import pack_carefully

    return pack_carefully("PL-PAID")
