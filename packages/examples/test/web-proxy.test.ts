import { expect, test } from '@jest/globals';
import { HttpProblem, serve, type Handler } from '@awaitio/http';
import { connectWebSocket, webSocket } from '@awaitio/http/websocket';
import { startServer } from './support/program.ts';

/** A server behind the proxy, and what it saw. */
const behind = async (seen: unknown[]): Promise<[to: string, end: () => Promise<unknown>]> => {
  const handler: Handler = async (request, context) => {
    if (request.path === '/secret') throw new HttpProblem(403);
    seen.push([request.target, request.headers.get('cookie')]);
    const socket = await webSocket(request, context, { protocols: ['v1'] });
    for await (const message of socket) {
      if (message === 'bye') void socket.close(4001, 'as you wish');
      else await socket.send(message);
    }
    seen.push(await socket.closed);
  };
  const server = await serve(handler, { port: 0 });
  return [new URL(server.url).host, () => server.shutdown()];
};

test('passes messages and closes on, both ways, with the choice of a subprotocol', async () => {
  const seen: unknown[] = [];
  const [to, end] = await behind(seen);
  const proxy = await startServer('web-proxy', '--to', to);
  const url = `ws://127.0.0.1:${proxy.port}`;
  const socket = await connectWebSocket(`${url}/room?x=1`, {
    protocols: ['v2', 'v1'],
    headers: { Cookie: 'a=b' },
  });
  expect(socket.protocol).toBe('v1');
  for (const message of ['hello', Uint8Array.of(0, 255), 'x'.repeat(1_000_000)]) {
    await socket.send(message);
    expect(await socket.receive()).toEqual(message);
  }
  await socket.close(4321, 'bye');
  const other = await connectWebSocket(url);
  expect(other.protocol).toBe('');
  await other.send('bye');
  expect(await other.receive()).toBeNull();
  expect(await other.closed).toMatchObject({ code: 4001, reason: 'as you wish', by: 'peer' });
  await expect(connectWebSocket(`${url}/secret`)).rejects.toMatchObject({ status: 403 });
  expect((await fetch(url.replace('ws', 'http'))).status).toBe(426);
  expect(await proxy.stop()).toMatchObject({ status: 0, stderr: '' });
  await end();
  expect(seen).toMatchObject([
    ['/room?x=1', 'a=b'],
    { code: 4321, reason: 'bye', by: 'peer' },
    ['/', null],
    { code: 4001, by: 'local' },
  ]);
});

test('answers 502 when nothing listens there', async () => {
  const proxy = await startServer('web-proxy', '--to', '127.0.0.1:1');
  const opening = connectWebSocket(`ws://127.0.0.1:${proxy.port}/`);
  await expect(opening).rejects.toMatchObject({ status: 502 });
  expect(await proxy.stop()).toMatchObject({ status: 0, stderr: '' });
});
