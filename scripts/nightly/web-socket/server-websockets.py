"""A server of the library websockets for a client of awaitio. Argument: PORT."""
import asyncio
import sys

import websockets


async def talk(socket, *_path):
    async for message in socket:
        if message == "fragments":
            await socket.send(["in ", "", "three parts"])
        elif message == "ping":
            await asyncio.wait_for(await socket.ping(b"data"), 5)
            await socket.send("ponged")
        elif isinstance(message, str) and message.startswith("close "):
            _, code, reason = message.split(" ", 2)
            await socket.close(int(code), reason)
        else:
            await socket.send(message)


async def main(port):
    options = {"subprotocols": ["v1"], "max_size": None, "ping_interval": None}
    async with websockets.serve(talk, "127.0.0.1", port, **options):
        await asyncio.Future()


asyncio.run(main(int(sys.argv[1])))
