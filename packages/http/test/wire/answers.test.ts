/**
 * What a client makes of each answer, whole and byte by byte: a whole response, or a typed error that says which request it is of;
 * and a pool that holds nothing it must not.
 */
import { describe, expect, test } from '@jest/globals';
import { IoError, memoryPair } from '@awaitio/core';
import { failedRequestOf, HttpClient, ProtocolError } from '../../src/index.ts';
import { ATTACKS } from './answers/attacks.ts';
import { ANSWERS as ORDINARY, type AnswerRow } from './answers/rows.ts';
import { Wire } from '../support/wire.ts';

const SECOND = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfresh';

const ANSWERS: readonly AnswerRow[] = [...ORDINARY, ...ATTACKS];

interface Outcome {
  readonly shown: string;
  readonly error: unknown;
}

/** The answer as text, or the code of the error. */
async function outcomeOf(client: HttpClient, method: string): Promise<Outcome> {
  let part = '';
  try {
    const response = await client.request(method, 'http://user:SECRET@server/path?SECRET');
    part = '~';
    return { shown: `${response.status} ${await response.text()}`, error: undefined };
  } catch (error) {
    return { shown: part + (error as { code: string }).code, error };
  }
}

/** Sends each answer on another connection, then closes, or reads on. */
async function runRow({ bytes, method = 'GET', ends = false }: AnswerRow, isDripped: boolean) {
  const first = memoryPair();
  const others: Wire[] = [];
  let connections = 0;
  const client = new HttpClient({
    maxConnectionsPerOrigin: 1,
    connect: async () => {
      connections += 1;
      if (connections === 1) return first[0];
      const [here, there] = memoryPair();
      others.push(new Wire(there));
      void others
        .at(-1)
        ?.head()
        .then(
          () => others.at(-1)?.send(SECOND),
          () => {},
        );
      return here;
    },
  });
  const wire = new Wire(first[1]);
  const answering = (async () => {
    await wire.head();
    const pieces = isDripped ? bytes.split('') : [bytes];
    for (const piece of pieces) {
      await wire.send(piece);
      if (isDripped) await Promise.resolve();
    }
    if (ends) await wire.finish();
    await wire.head();
    await wire.send(SECOND);
  })();
  answering.catch(() => {});
  const outcome = await outcomeOf(client, method);
  await new Promise(setImmediate);
  const second = await (await client.get('http://server/second')).text();
  const open = client.statistics()['http://server']?.open;
  await client.close();
  wire.stream.reset();
  for (const other of others) other.stream.reset();
  return { outcome, second, open, connections };
}

describe.each([
  ['whole', false],
  ['byte by byte', true],
] as const)('%s', (_how, isDripped) => {
  test.each(ANSWERS.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
    const { outcome, second, open, connections } = await runRow(row, isDripped);
    const { shown, error } = outcome;
    const isError = /^~?E/.test(row.expect);
    const prefix = row.expect.startsWith('~') ? '~' : '';
    const codes = row.expect.slice(prefix.length).split('|');
    const isExpected = codes.some((code) => shown === prefix + code);
    expect(isError && isExpected ? row.expect : shown).toBe(row.expect);
    const isTyped = error instanceof IoError || error instanceof ProtocolError;
    expect(isTyped).toBe(isError);
    expect(failedRequestOf(error)?.origin).toBe(isError ? 'http://server' : undefined);
    expect(String((error as Error | undefined)?.message)).not.toMatch(/SECRET|evil/);
    // The next request gets its own answer, whatever came.
    expect(second).toBe('fresh');
    expect(open).toBe(1);
    expect(connections === 1 || row.isReused !== true).toBe(true);
  });
});

test('there are at least a hundred and twenty answers, each of them once', () => {
  expect(ANSWERS.length).toBeGreaterThanOrEqual(120);
  expect(new Set(ANSWERS.map(({ name }) => name)).size).toBe(ANSWERS.length);
  expect(new Set(ANSWERS.map((row) => `${row.method} ${row.ends} ${row.bytes}`)).size).toBe(
    ANSWERS.length,
  );
});
