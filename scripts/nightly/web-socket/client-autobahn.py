"""A client of the library autobahn against a server of awaitio. Argument: URL."""
import asyncio
import sys
from urllib.parse import urlsplit

from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol

LONG = bytes(at * 31 & 255 for at in range(1_048_576))


class Client(WebSocketClientProtocol):
    def __init__(self):
        super().__init__()
        self.opened = asyncio.get_running_loop().create_future()
        self.closed = asyncio.get_running_loop().create_future()
        self.inbox = asyncio.Queue()
        self.pongs = asyncio.Queue()

    def onConnect(self, response):
        self.chosen = response.protocol

    def onOpen(self):
        self.opened.set_result(None)

    def onMessage(self, payload, isBinary):
        self.inbox.put_nowait((payload, isBinary))

    def onPong(self, payload):
        self.pongs.put_nowait(payload)

    def onClose(self, wasClean, code, reason):
        self.closed.set_result((wasClean, code, reason))


async def opened(url, protocols=None):
    factory = WebSocketClientFactory(url, protocols=protocols)
    factory.protocol = Client
    address = urlsplit(url)
    _, client = await asyncio.get_running_loop().create_connection(
        factory, address.hostname, address.port
    )
    await asyncio.wait_for(client.opened, 5)
    return client


async def main(url):
    client = await opened(url, ["v2", "v1"])
    assert client.chosen == "v1", client.chosen
    texts = [text.encode() for text in ["hello", "", "ä€😀", "y" * 1_048_576]]
    for payload, isBinary in [(each, False) for each in texts] + [(LONG[:126], True), (LONG, True)]:
        client.sendMessage(payload, isBinary)
        assert await client.inbox.get() == (payload, isBinary), "a message came back changed"
    client.sendMessage(texts[2], False, fragmentSize=1)
    assert await client.inbox.get() == (texts[2], False)
    client.sendMessage(LONG, True, fragmentSize=4_096)
    assert await client.inbox.get() == (LONG, True)
    client.sendPing(b"data")
    assert await asyncio.wait_for(client.pongs.get(), 5) == b"data"
    client.sendClose(4321, "bye")
    wasClean, code, _ = await client.closed
    assert wasClean and code == 4321, code

    client = await opened(url)
    assert client.chosen is None, client.chosen
    client.sendMessage(b"close 4001 as you wish", False)
    assert await client.closed == (True, 4001, "as you wish")

    client = await opened(url + "pinged")
    await asyncio.sleep(1.5)
    assert not client.closed.done(), "a ping was not answered"
    client.sendClose(1000)
    await client.closed
    print("text, binary, fragments, 1 MiB, subprotocol, closes by both, pings of both")


asyncio.run(main(sys.argv[1]))
