"""A server of the library autobahn for a client of awaitio. Argument: PORT."""
import asyncio
import sys

from autobahn.asyncio.websocket import WebSocketServerFactory, WebSocketServerProtocol


class Talker(WebSocketServerProtocol):
    def onConnect(self, request):
        return "v1" if "v1" in request.protocols else None

    def onMessage(self, payload, isBinary):
        if payload == b"fragments":
            self.beginMessage()
            for part in [b"in ", b"", b"three parts"]:
                self.sendMessageFrame(part)
            self.endMessage()
        elif payload == b"ping":
            self.sendPing(b"data")
        elif payload.startswith(b"close "):
            _, code, reason = payload.decode().split(" ", 2)
            self.sendClose(int(code), reason)
        else:
            self.sendMessage(payload, isBinary)

    def onPong(self, payload):
        self.sendMessage(b"ponged" if payload == b"data" else b"wrong", False)


async def main(port):
    factory = WebSocketServerFactory()
    factory.protocol = Talker
    server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", port)
    await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))
