"""A client of a server of ws, by websockets: prints one line for each thing that went well."""
import asyncio
import sys

import websockets

URL = sys.argv[1].replace("http", "ws")
BIG = bytes(range(256)) * 20_000


async def fragments():
    for part in ["a", "b", "c"]:
        yield part


async def talk():
    async with websockets.connect(URL, subprotocols=["other", "chat"], max_size=None) as socket:
        assert socket.subprotocol == "chat"
        for data in ["grüß Gott", "", BIG]:
            await socket.send(data)
            assert await socket.recv() == data
        print("messages")
        await socket.send(fragments())
        assert await socket.recv() == "abc"
        print("fragments")
        await asyncio.wait_for(await socket.ping(b"x" * 125), 10)
        print("pings")
        for n in range(1000):
            await socket.send(str(n))
        assert [await socket.recv() for _ in range(1000)] == [str(n) for n in range(1000)]
        await socket.close(4000, "enough")
        assert socket.close_code == 4000, socket.close_code
        print("closes")


async def refused():
    try:
        async with websockets.connect(URL, subprotocols=["other"]):
            raise AssertionError("it was accepted")
    except websockets.InvalidStatusCode as error:
        assert error.status_code == 400, error
    print("refused")


async def many():
    async def one(n):
        async with websockets.connect(URL, subprotocols=["chat"]) as socket:
            await socket.send(str(n))
            return await socket.recv()

    assert await asyncio.gather(*[one(n) for n in range(100)]) == [str(n) for n in range(100)]
    print("at once")


async def main():
    await talk()
    await refused()
    await many()


asyncio.run(main())
