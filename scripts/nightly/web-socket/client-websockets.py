"""A client of the library websockets against a server of awaitio. Argument: URL."""
import asyncio
import sys

import websockets

LONG = bytes(at * 31 & 255 for at in range(1_048_576))


async def main(url):
    options = {"max_size": None, "ping_interval": None}
    async with websockets.connect(url, subprotocols=["v2", "v1"], **options) as socket:
        assert socket.subprotocol == "v1", socket.subprotocol
        for message in ["hello", "", "ä€😀", "y" * 1_048_576, b"", LONG[:126], LONG[:65_536], LONG]:
            await socket.send(message)
            assert await socket.recv() == message, "a message came back changed"
        await socket.send(["in ", "three ", "parts"])
        assert await socket.recv() == "in three parts"
        await socket.send([LONG[:1], b"", LONG[1:]])
        assert await socket.recv() == LONG
        await asyncio.wait_for(await socket.ping(b"data"), 5)
        await socket.close(4321, "bye")
    async with websockets.connect(url, **options) as socket:
        assert socket.subprotocol is None
        await socket.send("close 4001 as you wish")
        try:
            await socket.recv()
        except websockets.ConnectionClosed:
            pass
        assert (socket.close_code, socket.close_reason) == (4001, "as you wish")
    async with websockets.connect(url + "pinged", **options) as socket:
        try:
            await asyncio.wait_for(socket.recv(), 1.5)
            raise AssertionError("a message came")
        except asyncio.TimeoutError:
            pass
    print("text, binary, fragments, 1 MiB, subprotocol, closes by both, pings of both")


asyncio.run(main(sys.argv[1]))
