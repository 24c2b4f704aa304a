"""A real SMTP server that takes its time, and knows what it took in when its client died."""

import asyncio
import logging
import random
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from tests.faults.site import HOST, free_port, wait_until

logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd's, else a dozen lines a message


@dataclass
class Delivery:
    """One message as it came; `life` counts the workers that were killed before."""

    content: bytes
    to: list[str]
    life: int
    came_from: str
    accepted: bool = False

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)  # type: ignore[arg-type]

    @property
    def key(self) -> str:
        """What the outbox calls it: its Message-ID without the domain."""
        return str(self.message["Message-ID"]).strip("<>").partition("@")[0]


class Session(SMTP):
    """One connection; tells the handler when it is over."""

    def connection_made(self, transport: Any) -> None:
        self.event_handler.sessions += 1
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.event_handler.sessions -= 1


class MailServer(Controller):
    """Answers each step after up to `slowness` seconds, chosen by `seed`."""

    def __init__(self, slowness: float = 0.0, seed: int = 0, host: str = HOST) -> None:
        self.slowness, self.random = slowness, random.Random(seed)
        self.begun: list[Delivery] = []
        self.sessions = self.life = 0
        self.holds = False  # while it does, it takes no message in, and refuses none
        super().__init__(self, hostname=host, port=free_port())

    def factory(self) -> SMTP:
        return Session(self, **self.SMTP_kwargs)

    @property
    def url(self) -> str:
        return f"smtp://{self.hostname}:{self.port}"

    @property
    def accepted(self) -> list[Delivery]:
        """What the server has taken, in this order; it alone decides that, at the last moment."""
        return [delivery for delivery in self.begun if delivery.accepted]

    async def hesitate(self) -> None:
        await asyncio.sleep(self.random.uniform(0, self.slowness))

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        await self.hesitate()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        delivery = Delivery(envelope.content, list(envelope.rcpt_tos), self.life, session.peer[0])
        self.begun.append(delivery)
        await self.hesitate()  # a client that dies meanwhile takes its message along
        while self.holds:
            await asyncio.sleep(0.02)
        delivery.accepted = True
        return "250 OK"

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        await self.hesitate()
        return "221 Bye"

    def client_was_killed(self) -> None:
        """Closes the count of one worker's life, when nothing of it is still on its way."""
        wait_until(lambda: self.sessions == 0, "the dead worker's connection is closed")
        self.life += 1
