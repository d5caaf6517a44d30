"""Entry points of ``support``, the chat among them."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from typing import Any

from project.shop import Shop


async def _chat(ticket: int, user: int, *messages: dict[str, Any]) -> list[dict[str, Any]]:
    """Open the chat window of a ticket through the ASGI application, say something and leave."""
    from paperleaf.asgi import application

    incoming: list[dict[str, Any]] = [{"type": "websocket.connect"}]
    incoming += [{"type": "websocket.receive", "text": json.dumps(message)} for message in messages]
    incoming.append({"type": "websocket.disconnect", "code": 1001})
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return incoming.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await application({"type": "websocket", "path": f"/ws/support/{ticket}/", "user_id": user}, receive, send)
    return sent


def chat(shop: Shop) -> Awaitable[object]:
    ticket = shop.row("support.Ticket", subject="Where is my parcel?")
    canned = shop.row("support.CannedReply", title="Late")
    agent = shop.row("support.Agent", user__username="dora")
    return _chat(
        ticket.pk,
        shop.row("accounts.User", username="cleo").pk,
        {"type": "typing"},
        {"type": "message", "text": "Hello"},
        {"type": "canned", "reply": canned.pk},
        {"type": "assign", "agent": agent.pk},
        {"type": "sing"},
    )


def chat_as_customer(shop: Shop) -> Awaitable[object]:
    ticket = shop.row("support.Ticket", subject="Broken cover")
    user = shop.row("accounts.User", username="ben")
    return _chat(ticket.pk, user.pk, {"type": "message", "text": "Hello"})


def chat_of_somebody_else(shop: Shop) -> Awaitable[object]:
    ticket = shop.row("support.Ticket", subject="Where is my parcel?")
    return _chat(ticket.pk, shop.row("accounts.User", username="ben").pk)


def chat_about_nothing(shop: Shop) -> Awaitable[object]:
    from support.consumers import TicketConsumer

    async def send(message: dict[str, Any]) -> None:
        pass

    async def left_early() -> None:
        consumer = TicketConsumer({"ticket_id": 0, "user_id": user.pk}, send)
        await consumer.dispatch({"type": "websocket.connect"})
        await consumer.dispatch({"type": "websocket.ping"})
        await consumer.disconnect(1001)

    user = shop.row("accounts.User", username="ben")
    return left_early()


def bare_consumer(shop: Shop) -> Awaitable[object]:
    from common.realtime import AsyncJsonConsumer

    async def send(message: dict[str, Any]) -> None:
        pass

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    messages: list[dict[str, Any]] = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "{}"},
        {"type": "websocket.disconnect"},
    ]
    return AsyncJsonConsumer({}, send).run(receive)


def triage(shop: Shop) -> Awaitable[object]:
    from support.triage import Triage

    return Triage(interval=0).forever(rounds=2)


def triage_of_known_customer(shop: Shop) -> Awaitable[object]:
    from support.triage import Triage

    ben = shop.row("accounts.User", username="ben")
    ben.tickets.create(subject="Long ago", status="closed", assigned_to_id=shop.row("support.Agent", team="orders").pk)
    return Triage().once()


def triage_of_nothing(shop: Shop) -> Awaitable[object]:
    from support.models import Ticket
    from support.triage import Triage

    Ticket.objects.all().delete()
    return Triage().once()


def triage_without_agents(shop: Shop) -> Awaitable[object]:
    from support.models import Agent
    from support.triage import Triage

    Agent.objects.update(on_duty=False)
    return Triage().once()


def subjects(shop: Shop) -> Awaitable[object]:
    from support.triage import describe_subjects

    return describe_subjects()


def subjects_prefetched(shop: Shop) -> Awaitable[object]:
    from support.triage import describe_subjects_prefetched

    return describe_subjects_prefetched()


def by_customer(shop: Shop) -> Awaitable[object]:
    from support.triage import sorted_by_customer

    return sorted_by_customer()


def by_customer_prefetched(shop: Shop) -> Awaitable[object]:
    from support.triage import sorted_by_customer_prefetched

    return sorted_by_customer_prefetched()


def watcher_mails(shop: Shop) -> Awaitable[object]:
    from support.triage import watcher_mails

    return watcher_mails(shop.row("support.Ticket", subject="Where is my parcel?").pk)


def watcher_mails_of_new_ticket(shop: Shop) -> Awaitable[object]:
    from support.triage import watcher_mails

    return watcher_mails(shop.row("support.Ticket", subject="Broken cover").pk)


def watcher_names(shop: Shop) -> Awaitable[object]:
    from support.triage import watcher_names

    return watcher_names(shop.row("support.Ticket", subject="Where is my parcel?").pk)


def inbox(shop: Shop) -> Awaitable[object]:
    return shop.get("/support/m/inbox/", user="ada")


def inbox_fragment(shop: Shop) -> Awaitable[object]:
    return shop.get("/support/m/inbox/fragment/", user="ada")


def new_ticket(shop: Shop) -> Awaitable[object]:
    order = shop.row("orders.Order", reference="PL-PAID")
    data = {"subject": "Torn", "text": "Page 3", "order": str(order.pk)}
    return shop.post("/support/m/new/", data, user="ada", status=201)


def new_ticket_without_agents(shop: Shop) -> Awaitable[object]:
    from support.models import Agent

    Agent.objects.update(on_duty=False)
    return shop.post("/support/m/new/", {"subject": "Torn", "text": "Page 3"}, user="ada", status=201)


def new_ticket_incomplete(shop: Shop) -> Awaitable[object]:
    return shop.post("/support/m/new/", {"subject": "Torn"}, user="ada", status=400)


def wall(shop: Shop) -> Awaitable[object]:
    return shop.get("/support/m/wall/")


def ticket(shop: Shop) -> Awaitable[object]:
    row = shop.row("support.Ticket", subject="Where is my parcel?")
    return shop.get(f"/support/m/{row.pk}/", user="ada")


def ticket_of_somebody_else(shop: Shop) -> Awaitable[object]:
    from common.exceptions import NotAllowed

    row = shop.row("support.Ticket", subject="Where is my parcel?")
    page = shop.get(f"/support/m/{row.pk}/", user="ben")

    async def refused() -> None:
        try:
            await page
        except NotAllowed:
            return
        raise AssertionError("not refused")

    return refused()


def reply(shop: Shop) -> Awaitable[object]:
    row = shop.row("support.Ticket", subject="Where is my parcel?")
    return shop.post(f"/support/m/{row.pk}/", {"text": "Hm"}, user="ada", status=201)


def reply_of_agent(shop: Shop) -> Awaitable[object]:
    row = shop.row("support.Ticket", subject="Where is my parcel?")
    return shop.post(f"/support/m/{row.pk}/", {"text": "Hm"}, user="cleo", status=201)


def workload(shop: Shop) -> Awaitable[object]:
    return shop.get("/support/m/workload/")
