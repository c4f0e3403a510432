/** A server of Deno for a client of awaitio. Argument: PORT. */
Deno.serve({ hostname: '127.0.0.1', port: Number(Deno.args[0]), onListen() {} }, (request) => {
  if (request.headers.get('upgrade') !== 'websocket') return new Response('a page');
  const proposed = request.headers.get('sec-websocket-protocol')?.split(/, ?/) ?? [];
  const { socket, response } = Deno.upgradeWebSocket(request, {
    ...(proposed.includes('v1') && { protocol: 'v1' }),
  });
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('message', ({ data }) => {
    if (String(data).startsWith('close ')) {
      const [, code, ...reason] = data.split(' ');
      socket.close(Number(code), reason.join(' '));
    } else socket.send(data);
  });
  return response;
});
