/** `awaitio-http top`: what it prints of another process, and what it says when it cannot. */
import { describe, expect, test } from '@jest/globals';
import type { HttpClient } from '../../src/index.ts';
import { inspect } from '../../src/inspect/index.ts';
import type { Inspection } from '../../src/inspect/looking/model.ts';
import { render } from '../../src/inspect/top/render.ts';
import { top } from '../../src/inspect/top/top.ts';

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(args: readonly string[], client?: HttpClient): Promise<Run> {
  let out = '';
  let err = '';
  const code = await top({
    args,
    output: { write: (text) => (out += text) },
    errors: { write: (text) => (err += text) },
    signal: new AbortController().signal,
    hasColours: false,
    client,
  });
  return { code, out, err };
}

const STATE = {
  format: 'awaitio-inspection',
  version: 1,
  now: 40_000,
  wallTime: 1_577_836_800_000,
  process: {
    pid: 7,
    node: 'v24.0.0',
    memory: 50_000_000,
    loopDelay: 0.5,
    isTraced: false,
    canClose: false,
  },
  attention: [
    {
      kind: 'slow-handler',
      text: 'GET /a\u001B[2J waits for its handler',
      since: 0,
      deadline: 50_000,
      about: '1.1.1',
    },
  ],
  servers: [],
  requests: [
    { since: 28_000, method: 'GET', path: '/a', peer: '10.0.0.7:1', text: 'waits for its handler' },
  ],
  routes: [],
  failures: [],
  refusals: [{ count: 3, status: 400, rule: 'one Host', section: 'RFC 9112 section 3.2' }],
  sockets: [],
  executors: [],
  tasks: [],
  pools: [{ origin: 'http://a', open: 2, limit: 2, idle: 0, waiting: 3 }],
} as unknown as Inspection;

describe('the state in a terminal', () => {
  test('has what to look at first, requests, pools and refusals', () => {
    const lines = render(STATE, { columns: 100, rows: 40, hasColours: false });
    expect(lines).toEqual([
      'awaitio  process 7  Node v24.0.0  50.0 MB  loop 0.5 ms late  00:00:00',
      '0 sockets, 1 requests, 0 tasks, 0 answered, 0 servers',
      '',
      'LOOK HERE FIRST (1)',
      '  slow handler         40 s  GET /a [2J waits for its handler; deadline in 10 s',
      '',
      'REQUESTS IN PROGRESS (1)',
      '       12 s  GET /a                         10.0.0.7:1             waits for its handler',
      '',
      'POOLS (1)',
      '  http://a                                 2 of 2 open, 0 idle, 3 waiting',
      '',
      'REFUSALS (1)',
      '       3  400  one Host  RFC 9112 section 3.2',
    ]);
  });

  test.each([
    [20, 6],
    [80, 24],
    [1, 1],
  ])('fits into %i columns and %i rows', (columns, rows) => {
    const lines = render(STATE, { columns, rows, hasColours: false });
    expect(lines.length).toBeLessThan(Math.max(2, rows));
    expect(lines.filter((line) => line.length > columns)).toEqual([]);
  });

  test('has colours only where they are wanted', () => {
    const lines = render(STATE, { columns: 100, rows: 40, hasColours: true });
    expect(lines[4]).toBe(
      '\u001B[31m  slow handler         40 s  GET /a [2J waits for its handler; deadline in 10 s\u001B[0m',
    );
  });
});

describe('top', () => {
  test('prints the state of a page once where there is no terminal, and as JSON', async () => {
    await using page = await inspect();
    const text = await run([page.url]);
    expect(text).toMatchObject({ code: 0, err: '' });
    expect(text.out).toContain('LOOK HERE FIRST');
    const json = await run(['--json', page.url]);
    expect(JSON.parse(json.out)).toMatchObject({ format: 'awaitio-inspection', version: 1 });
  });

  test('draws the state again each second in a terminal, until it is ended', async () => {
    await using page = await inspect();
    const end = new AbortController();
    const written: string[] = [];
    let next = (): void => {};
    const code = await top({
      args: [page.url],
      output: {
        isTTY: true,
        columns: 60,
        rows: 20,
        write: (text) => {
          written.push(text);
          next();
        },
      },
      errors: { write: () => {} },
      signal: end.signal,
      hasColours: false,
      clock: {
        now: () => 0,
        wallTime: () => 0,
        setTimer: () => ({ cancel: () => {}, unref: () => {} }),
        defer: () => {},
        sleep: (_delay, options) =>
          new Promise((resolve, reject) => {
            options?.signal?.addEventListener('abort', () => reject(new Error('ended')));
            next = () => {
              if (written.length > 2) end.abort();
            };
            resolve(undefined);
          }),
      },
    });
    expect(code).toBe(0);
    expect(written.length).toBeGreaterThan(2);
    expect(written.every((text) => text.startsWith('\u001B[H\u001B[J'))).toBe(true);
  });

  test('says that a token is wrong, without showing it', async () => {
    await using page = await inspect();
    const { code, out, err } = await run([`${page.url.split('#')[0]}#another-token-of-mine`]);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('the page answers 401: is the token in the URL that of the page?');
    expect(err).not.toContain('another-token-of-mine');
  });

  test.each([
    [[]],
    [['http://127.0.0.1:1/']],
    [['ftp://a/#b']],
    [['http://a/#b', 'c']],
    [['--all']],
  ])('explains its use for %j', async (args) => {
    const { code, err } = await run(args);
    expect(code).toBe(2);
    expect(err).toContain('usage: awaitio-http top URL');
  });

  test('says that no one listens', async () => {
    const page = await inspect();
    await page.close();
    const { code, err } = await run([page.url]);
    expect(code).toBe(1);
    expect(err).toContain('ECONNREFUSED');
    expect(err).not.toContain(page.url.split('#')[1] ?? '');
  });
});
