"""A client of a server of h1 and ws, by aiohttp: prints one line for each thing that went well."""
import asyncio
import hashlib
import sys

import aiohttp

URL = sys.argv[1]
BIG = bytes(range(256)) * 20_000
SUMMARY = f"{len(BIG)} {hashlib.sha256(BIG).hexdigest()}"


async def pieces():
    for at in range(0, len(BIG), 50_000):
        yield BIG[at : at + 50_000]


async def text(response):
    async with response as answer:
        return await answer.text()


async def http(session):
    answers = await asyncio.gather(*[text(session.get(f"{URL}/?n={n}")) for n in range(300)])
    assert answers == [f"hello {n}" for n in range(300)], answers
    print("at once")
    assert await text(session.post(f"{URL}/digest", data=BIG)) == f"POST {SUMMARY}"
    assert await text(session.put(f"{URL}/digest", data=pieces())) == f"PUT {SUMMARY}"
    assert await text(session.post(f"{URL}/digest", data=BIG, expect100=True)) == f"POST {SUMMARY}"
    print("uploads")
    async with session.post(f"{URL}/echo", data=pieces()) as answer:
        assert await answer.read() == BIG
    async with session.get(f"{URL}/big?length=5000000") as answer:
        assert len(await answer.read()) == 5_000_000
    print("downloads")
    form = aiohttp.FormData()
    form.add_field("file", BIG, filename="a.bin", content_type="image/x")
    async with session.post(f"{URL}/echo", data=form) as answer:
        assert answer.headers["content-type"].startswith("multipart/form-data")
        assert BIG in await answer.read()
    print("forms")
    assert await text(session.get(f"{URL}/moved")) == "hello moved"
    print("redirects")
    await text(session.get(f"{URL}/login"))
    assert sorted((await text(session.get(f"{URL}/cookies"))).split("; ")) == ["a=1", "b=2"]
    print("cookies")
    async with session.head(f"{URL}/") as answer:
        assert answer.headers["content-length"] == "6"
    async with session.get(f"{URL}/nothing") as answer:
        assert answer.status == 204
    print("heads")


async def ws(session):
    # It offers compression, which the server need not take.
    async with session.ws_connect(f"{URL}/", protocols=("chat",), compress=15, max_msg_size=0) as socket:
        assert socket.protocol == "chat"
        await socket.send_str("grüß Gott")
        assert (await socket.receive()).data == "grüß Gott"
        await socket.send_bytes(BIG)
        assert await socket.receive_bytes() == BIG
        await socket.ping(b"ping")
        for n in range(500):
            await socket.send_str(str(n))
        assert [await socket.receive_str() for _ in range(500)] == [str(n) for n in range(500)]
        await socket.close(code=4000, message=b"enough")
        assert socket.close_code == 4000, socket.close_code
    print("ws")


async def main():
    # Its jar keeps no cookies of addresses unless it is told.
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        await http(session)
        await ws(session)


asyncio.run(main())
