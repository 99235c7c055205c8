"""A client of ws, by websockets, that has its messages compressed: says whether each came back."""
import asyncio
import os
import sys

import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

URL = sys.argv[1]
MESSAGES = ["a", "", "text " * 30_000, os.urandom(100_000), bytes(900_000), "é" * 70_000]
OFFERS = [
    {},
    {"client_max_window_bits": 9, "server_max_window_bits": 9},
    {"client_no_context_takeover": True, "server_no_context_takeover": True},
]


async def main():
    for offer in OFFERS:
        factory = ClientPerMessageDeflateFactory(**offer)
        async with websockets.connect(
            URL, subprotocols=["chat"], max_size=None, compression=None, extensions=[factory]
        ) as socket:
            assert "permessage-deflate" in socket.response_headers["Sec-WebSocket-Extensions"]
            for message in MESSAGES * 3:
                await socket.send(message)
                assert await socket.recv() == message
        print("all")


asyncio.run(main())
