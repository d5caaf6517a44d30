"""Entry points of ``newsletter``."""

from __future__ import annotations

from collections.abc import Awaitable

from project.shop import Shop


def send(shop: Shop) -> Awaitable[object]:
    from newsletter.tasks import send_campaign

    return send_campaign(shop.row("newsletter.Campaign", title="New crime").pk)


def send_to_genre(shop: Shop) -> Awaitable[object]:
    from newsletter.tasks import send_campaign

    campaign = shop.row("newsletter.Campaign", title="New crime")
    campaign.genres.add(shop.row("catalogue.Genre", slug="poetry"))
    return send_campaign(campaign.pk)


def send_nothing(shop: Shop) -> Awaitable[object]:
    from newsletter.models import Campaign
    from newsletter.tasks import send_campaign

    async def failing() -> None:
        try:
            await send_campaign(0)
        except Campaign.DoesNotExist:
            return
        raise AssertionError("there is no campaign 0")

    return failing()


def send_carefully(shop: Shop) -> Awaitable[object]:
    from django.conf import settings  # type: ignore[import-untyped]
    from newsletter.tasks import send_campaign_carefully

    async def in_batches_of_one() -> object:
        usual, settings.PAPERLEAF_NEWSLETTER_BATCH = settings.PAPERLEAF_NEWSLETTER_BATCH, 1
        try:
            return await send_campaign_carefully(campaign.pk)
        finally:
            settings.PAPERLEAF_NEWSLETTER_BATCH = usual

    campaign = shop.row("newsletter.Campaign", title="New crime")
    return in_batches_of_one()


def preview(shop: Shop) -> Awaitable[object]:
    from newsletter.tasks import preview

    return preview(shop.row("newsletter.Campaign", title="New crime").pk)


def nag_unconfirmed(shop: Shop) -> Awaitable[object]:
    from newsletter.tasks import nag_unconfirmed

    return nag_unconfirmed()


def clean_up(shop: Shop) -> Awaitable[object]:
    from newsletter.tasks import clean_up

    return clean_up()


def subscribe(shop: Shop) -> Awaitable[object]:
    from newsletter.tasks import subscribe

    return subscribe(" Dora@Readers.example ", shop.row("accounts.User", username="dora"))


def report(shop: Shop) -> Awaitable[object]:
    from newsletter.tasks import campaign_report

    return campaign_report()
