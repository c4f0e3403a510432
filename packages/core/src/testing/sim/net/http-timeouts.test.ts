import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { expect, test } from '@jest/globals';
import { simulate } from '../simulate.ts';
import { CALM } from '../wire/faults.ts';

const TIMEOUTS = { headersTimeout: 2_000, requestTimeout: 6_000, connectionsCheckingInterval: 100 };

/** What a client that sends these pieces, each at its time, gets from a server, and when its connection ends. */
async function play(
  pieces: readonly (readonly [at: number, text: string])[],
): Promise<{ readonly answer: string; readonly end: number }> {
  let answer = '';
  let end = 0;
  await simulate({ faults: CALM, latency: [1, 1], deadline: 600_000 }, async (sim) => {
    sim.host('server').run(() => {
      const handler: http.RequestListener = (request, response) => {
        request.resume().on('end', () => response.end('done'));
      };
      http.createServer({ ...TIMEOUTS, keepAliveTimeout: 60_000 }, handler).listen(80);
    });
    await new Promise<void>((resolve) => {
      sim.host('client').run(async () => {
        const socket = net.connect(80, 'server');
        socket.on('data', (chunk) => (answer += String(chunk)));
        for (const [at, text] of pieces) setTimeout(() => socket.write(text), at);
        await once(socket, 'close');
        end = sim.clock.now();
        resolve();
      });
    });
  });
  return { answer, end };
}

const HEAD = 'GET / HTTP/1.1\r\nHost: server\r\n';

test.each([
  ['that sends nothing', [], 2_000, /^HTTP\/1\.1 408 /],
  ['whose head does not end', [[500, HEAD]], 2_000, /^HTTP\/1\.1 408 /],
  [
    'whose body does not end',
    [[500, `POST / HTTP/1.1\r\nHost: server\r\nContent-Length: 5\r\n\r\nab`]],
    6_000,
    /^HTTP\/1\.1 408 /,
  ],
  [
    'whose second head does not end',
    [
      [0, `${HEAD}\r\n`],
      [10_000, 'GET'],
      [11_000, ' /'],
    ],
    12_000,
    /^HTTP\/1\.1 200 [^]*HTTP\/1\.1 408 /,
  ],
] as const)('a server of node:http ends a connection %s in virtual time', async (...row) => {
  const [, pieces, limit, expected] = row;
  const { answer, end } = await play(pieces);
  expect(answer).toMatch(expected);
  expect(end).toBeGreaterThan(limit);
  expect(end).toBeLessThan(limit + 400);
});

test('a server of node:http keeps an idle connection, and answers what is slow in time', async () => {
  const { answer, end } = await play([
    [0, HEAD],
    [1_500, '\r\n'],
    [20_000, `${HEAD}\r\n`],
  ]);
  expect(answer.match(/HTTP\/1\.1 200 /g)).toHaveLength(2);
  expect(end).toBeGreaterThan(79_000);
});
