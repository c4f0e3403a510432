/** A server with which five things are wrong, and visitors with whom nothing is. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TcpStream } from '../../../packages/core/dist/index.js';
import { HttpClient, HttpResponse, serve } from '../../../packages/http/dist/index.js';

/** The state of things that the page has to show. */
export async function misfortunes() {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port: silentPort } = silent.address();
  const leaving = new AbortController();
  let database;
  const server = await serve(
    async (request) => {
      if (request.path === '/report') {
        database = await TcpStream.connect({ host: '127.0.0.1', port: silentPort });
        await database.readChunk({ signal: leaving.signal });
      }
      if (request.path === '/slow') await sleep(30);
      if (request.path === '/fails') return HttpResponse.text('no', { status: 503 });
      return HttpResponse.text(await request.body.text());
    },
    { port: 0, onError: () => {}, deadlines: { firstByte: 600_000 } },
  );
  const { port } = new URL(server.url);
  const speak = (text) => {
    const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
    socket.write(text);
    return socket;
  };
  const sockets = [
    speak('GET /report?token=hidden HTTP/1.1\r\nHost: a\r\n\r\n'),
    speak('POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n'),
    speak('GET / HTTP/1.1\r\n\r\n'),
  ];
  const drip = setInterval(() => sockets[1].write('x'.repeat(200)), 5_000);
  sockets[1].write('abc');
  const leaked = await TcpStream.connect({ host: '127.0.0.1', port: silentPort });
  const backend = await serve(
    () =>
      new Promise((resolve) => {
        leaving.signal.addEventListener('abort', () => resolve(HttpResponse.empty()));
      }),
    { port: 0 },
  );
  const client = new HttpClient({ maxConnectionsPerOrigin: 2 });
  const asked = Array.from({ length: 5 }, () => client.get(backend.url).catch(() => {}));
  const visitor = new HttpClient();
  const visit = setInterval(() => {
    for (const path of ['', 'users/1', 'users/2', 'fails', 'slow']) {
      void visitor.get(`${server.url}${path}`).then(
        (each) => each.discard(),
        () => {},
      );
    }
  }, 100);
  return {
    server,
    end: async () => {
      clearInterval(drip);
      clearInterval(visit);
      leaving.abort();
      await Promise.all(asked);
      await client.close();
      await visitor.close();
      for (const socket of sockets) socket.destroy();
      await leaked.close();
      await database?.close();
      await Promise.all([server.shutdown({ grace: 0 }), backend.shutdown({ grace: 0 })]);
      silent.close();
    },
  };
}
