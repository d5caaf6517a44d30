"""Entry points of ``accounts``."""

from __future__ import annotations

from collections.abc import Awaitable

from project.shop import Shop


def card(shop: Shop) -> Awaitable[object]:
    return shop.get("/accounts/m/card/", user="ada")


def card_without_tier(shop: Shop) -> Awaitable[object]:
    return shop.get("/accounts/m/card/", user="ben")


def card_of_nobody(shop: Shop) -> Awaitable[object]:
    return shop.get("/accounts/m/card/", status=401)


def address_book(shop: Shop) -> Awaitable[object]:
    return shop.get("/accounts/m/addresses/", user="ada")


def full_address_book(shop: Shop) -> Awaitable[object]:
    ada = shop.row("accounts.User", username="ada")
    for number in range(6):
        ada.addresses.create(label=f"Shop {number}", line1="Quay", city="York", postcode="Y", country_id="GB")
    return shop.get("/accounts/m/addresses/", user="ada")


def default_address(shop: Shop) -> Awaitable[object]:
    return shop.get("/accounts/m/addresses/default/", user="ada")


def no_default_address(shop: Shop) -> Awaitable[object]:
    return shop.get("/accounts/m/addresses/default/", user="ben")


def change_default_address(shop: Shop) -> Awaitable[object]:
    address = shop.row("accounts.Address", label="Berlin")
    return shop.post("/accounts/m/addresses/default/", {"address": str(address.pk)}, user="ada")


_ADDRESS = {"label": "Work", "line1": "Dock 3", "city": "Hull", "postcode": "hu1 1aa", "country": "DE"}


def new_address(shop: Shop) -> Awaitable[object]:
    return shop.post("/accounts/m/addresses/new/", _ADDRESS, user="ada", status=201)


def new_address_incomplete(shop: Shop) -> Awaitable[object]:
    return shop.post("/accounts/m/addresses/new/", {"country": "DE"}, user="ada", status=400)


def new_address_by_get(shop: Shop) -> Awaitable[object]:
    return shop.get("/accounts/m/addresses/new/", user="ada", status=405)


def whoami(shop: Shop) -> Awaitable[object]:
    return shop.get("/accounts/m/whoami/", user="ada")


def whoami_nobody(shop: Shop) -> Awaitable[object]:
    return shop.get("/accounts/m/whoami/")


def profile_page(shop: Shop) -> Awaitable[object]:
    return shop.get("/accounts/m/profile/", user="ada")


def profile_page_of_nobody(shop: Shop) -> Awaitable[object]:
    return shop.get("/accounts/m/profile/", status=401)


def profile_page_threaded(shop: Shop) -> Awaitable[object]:
    return shop.get("/accounts/m/profile/threaded/", user="ada")


def profile_page_threaded_of_nobody(shop: Shop) -> Awaitable[object]:
    return shop.get("/accounts/m/profile/threaded/", status=401)


def register(shop: Shop) -> Awaitable[object]:
    from accounts.async_services import aregister

    return aregister("eve", "eve@readers.example", "paper-leaf-2")


def points_without_a_new_tier(shop: Shop) -> Awaitable[object]:
    from accounts.async_services import award_points

    return award_points(shop.row("accounts.User", username="ada").pk, 1)


def points_with_a_new_tier(shop: Shop) -> Awaitable[object]:
    from accounts.async_services import award_points

    return award_points(shop.row("accounts.User", username="ada").pk, 900)


def recent_logins(shop: Shop) -> Awaitable[object]:
    from accounts.async_services import arecent_logins

    ada = shop.row("accounts.User", username="ada")
    ada.login_events.create(ip="127.0.0.1")
    return arecent_logins(ada)


def purge_logins(shop: Shop) -> Awaitable[object]:
    from accounts.async_services import apurge_login_events

    shop.row("accounts.User", username="ada").login_events.create(ip="127.0.0.1")
    return apurge_login_events(days=-1)


def purge_no_logins(shop: Shop) -> Awaitable[object]:
    from accounts.async_services import apurge_login_events

    shop.row("accounts.User", username="ada").login_events.create(ip="127.0.0.1")
    return apurge_login_events()
