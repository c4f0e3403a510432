/** A server of the package ws for a client of awaitio. Argument: PORT. */
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../../packages/http/package.json', import.meta.url));
const { WebSocketServer } = require('ws');

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(process.argv[2]),
  handleProtocols: (protocols) => protocols.has('v1') && 'v1',
});
server.on('connection', (socket) => {
  socket.on('pong', (data) => socket.send(String(data) === 'data' ? 'ponged' : 'wrong'));
  socket.on('message', (data, binary) => {
    const text = binary ? '' : String(data);
    if (text === 'fragments') {
      for (const part of ['in ', '']) socket.send(part, { fin: false });
      socket.send('three parts');
    } else if (text === 'ping') socket.ping('data');
    else if (text.startsWith('close ')) {
      const [, code, ...reason] = text.split(' ');
      socket.close(Number(code), reason.join(' '));
    } else socket.send(data, { binary });
  });
});
