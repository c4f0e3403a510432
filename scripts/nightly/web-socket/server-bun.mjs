/** A server of Bun for a client of awaitio. Argument: PORT. */
Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.argv[2]),
  fetch(request, server) {
    const proposed = request.headers.get('sec-websocket-protocol')?.split(/, ?/) ?? [];
    const headers = proposed.includes('v1') ? { 'Sec-WebSocket-Protocol': 'v1' } : {};
    return server.upgrade(request, { headers }) ? undefined : new Response('a page');
  },
  websocket: {
    message(socket, message) {
      if (message === 'ping') socket.ping('data');
      else if (String(message).startsWith('close ')) {
        const [, code, ...reason] = message.split(' ');
        socket.close(Number(code), reason.join(' '));
      } else socket.send(message);
    },
    pong(socket, data) {
      socket.send(String(data) === 'data' ? 'ponged' : 'wrong');
    },
  },
});
