/** Which requests `context.upgrade` takes: only those that propose the handler's protocol (RFC 9110 section 7.8). */
import { expect, test } from '@jest/globals';
import type { UpgradeOptions } from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';

const CHAT = { headers: { Upgrade: 'chat' } };
const VERSIONED = { headers: { Upgrade: 'chat/2' } };
const CODEC = { headers: { Upgrade: 'chat' }, sendResponse: false };
const PROPOSAL = 'Connection: upgrade\r\nUpgrade: ';

/** The status and `Upgrade` of the response, and how often the handler got its stream. */
async function answerTo(
  request: string,
  options: UpgradeOptions | undefined,
): Promise<{ status: number; upgrade: string | undefined; connection: string; taken: number }> {
  let answer = { status: 0, upgrade: undefined as string | undefined, connection: '', taken: 0 };
  await simulated(async (world) => {
    let taken = 0;
    await world.serve(async (_request, context) => {
      const { stream } = await context.upgrade(options);
      taken += 1;
      if (options?.sendResponse === false) await stream.writeAll('HTTP/1.1 101 Mine\r\n\r\n');
      await stream.close();
    });
    const wire = await world.connect();
    await wire.send(request);
    const head = await wire.head();
    const field = (name: string): string | undefined =>
      new RegExp(`^${name}: (.*)\r$`, 'im').exec(head)?.[1];
    answer = {
      status: Number(head.split(' ')[1]),
      upgrade: field('upgrade'),
      connection: field('connection') ?? '',
      taken,
    };
    await wire.close();
    expect(world.errors).toEqual([]);
  });
  return answer;
}

const get = (fields: string): string => `GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;

test.each<[string, string, UpgradeOptions | undefined]>([
  ['the protocol', get(`${PROPOSAL}chat\r\n`), CHAT],
  ['it in another case', get(`${PROPOSAL}CHAT\r\n`), CHAT],
  ['it among others', get(`${PROPOSAL}h2c, chat\r\n`), CHAT],
  ['it in the second line', get(`${PROPOSAL}h2c\r\nUpgrade: chat\r\n`), CHAT],
  ['it with a version', get(`${PROPOSAL}chat/1\r\n`), CHAT],
  ['it without a version', get(`${PROPOSAL}chat\r\n`), VERSIONED],
  ['it with that version', get(`${PROPOSAL}chat/1, chat/2\r\n`), VERSIONED],
  ['one that the handler does not name', get(`${PROPOSAL}chat\r\n`), undefined],
  ['it to a codec that responds itself', get(`${PROPOSAL}a, chat\r\n`), CODEC],
  ['several to such a codec', get(`${PROPOSAL}a, b\r\n`), { sendResponse: false }],
])('a request that proposes %s is upgraded', async (_name, request, options) => {
  expect(await answerTo(request, options)).toMatchObject({ status: 101, taken: 1 });
});

test.each<[string, string]>([
  ['a plain request', get('')],
  ['one for another protocol', get(`${PROPOSAL}websocket\r\n`)],
  ['one without the connection option', get('Upgrade: chat\r\n')],
  ['one of HTTP/1.0', `GET / HTTP/1.0\r\n${PROPOSAL}chat\r\n\r\n`],
  ['one with a length', get(`${PROPOSAL}chat\r\nContent-Length: 2\r\n`)],
  ['one with chunks', get(`${PROPOSAL}chat\r\nTransfer-Encoding: chunked\r\n`)],
  ['a POST', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n'],
  ['one with an empty list', get(`${PROPOSAL},\r\n`)],
])(
  '%s gets 426 with the protocol of the handler, and is no error of it',
  async (_name, request) => {
    for (const options of [CHAT, CODEC]) {
      const answer = await answerTo(request, options);
      expect(answer).toMatchObject({ status: 426, upgrade: 'chat', taken: 0 });
      expect(answer.connection.toLowerCase()).toContain('upgrade');
    }
  },
);

test('a request for another version gets 426 with the one of the handler', async () => {
  const answer = await answerTo(get(`${PROPOSAL}chat/1\r\n`), VERSIONED);
  expect(answer).toMatchObject({ status: 426, upgrade: 'chat/2', taken: 0 });
});

test.each([
  ['a plain request', get('')],
  ['one that proposes several', get(`${PROPOSAL}a, b\r\n`)],
  ['a POST', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n'],
])(
  '%s to a handler that names no protocol gets 400, and is no error of it',
  async (_name, text) => {
    expect(await answerTo(text, undefined)).toMatchObject({ status: 400, upgrade: undefined });
  },
);

test('CONNECT needs no proposal', async () => {
  const answer = await answerTo('CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n', undefined);
  expect(answer).toMatchObject({ status: 200, taken: 1 });
});
