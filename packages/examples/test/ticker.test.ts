import { expect, test } from '@jest/globals';
import { connectWebSocket } from '@awaitio/http/websocket';
import { startServer } from './support/program.ts';

test('shows a page, and sends every WebSocket the same prices until Ctrl-C', async () => {
  const server = await startServer('ticker', '--every', '5');
  const address = `127.0.0.1:${server.port}`;
  expect(await (await fetch(`http://${address}/`)).text()).toContain('<output ');
  const [first, second] = await Promise.all([0, 1].map(() => connectWebSocket(`ws://${address}/`)));
  const prices: unknown[] = [];
  for (let count = 0; count < 5; count += 1) prices.push(await first?.receive());
  for (const price of prices) expect(price).toMatch(/^(\d+\.\d\d|\d+ missed)$/);
  expect(await second?.receive()).toMatch(/^(\d+\.\d\d|\d+ missed)$/);
  const ended = [first, second].map(async (socket) => {
    while ((await socket?.receive()) !== null);
    return (await socket?.closed)?.code;
  });
  expect(await server.stop()).toMatchObject({ status: 0, stderr: '' });
  expect(await Promise.all(ended)).toEqual([1001, 1001]);
});
