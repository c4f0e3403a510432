/** What a failed simulation leaves behind: its recording, its page, and its trace. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { isTracingWaits } from '../../../waiting/wait-trace.ts';
import { CALM } from '../wire/faults.ts';
import { Trace } from '../wire/trace.ts';
import type { SimulatedMain, SimulationOptions } from '../options.ts';
import { SimulationError } from '../report.ts';
import { simulate } from '../simulate.ts';
import { simulateSeeds } from '../seeds/simulate-seeds.ts';
import type { SimulationRecording } from './recording.ts';

const QUIET: SimulationOptions = { seed: 1, latency: [5, 5], faults: CALM, giveUpAfter: Infinity };

async function failureOf(run: Promise<unknown>): Promise<SimulationError> {
  const error = await run.catch((reason: unknown) => reason);
  if (!(error instanceof SimulationError)) throw new Error('it did not fail', { cause: error });
  return error;
}

/** Asks, and gets no answer: the path is cut. */
const unanswered: SimulatedMain = async (sim) => {
  const [client, server] = [sim.host('client'), sim.host('server')];
  const listener = await server.listen(80);
  sim.executor.spawn(
    async () => {
      const stream = await listener.accept();
      sim.log(`</script><!-- ${await stream.readLine()}`);
      await stream.writeAll('hello\n');
      await stream.readLine();
    },
    { name: 'answerer' },
  );
  const stream = await client.connect('server:80');
  await stream.writeAll('hi\n');
  await stream.readLine();
  sim.partition(client, server);
  await stream.writeAll('are you there?\n');
  await stream.readLine();
};

function messagesOf({ events }: SimulationRecording): unknown[] {
  return events.flatMap((event) => {
    if (event.type !== 'message' || event.what !== 'data') return [];
    const text = Buffer.from(event.bytes ?? '', 'base64').toString();
    return [[event.from, event.to, event.sent, event.at, text]];
  });
}

describe('the recording of a failed run', () => {
  test('has each message with its bytes, what never arrived, faults, logs and waits', async () => {
    const { recording } = await failureOf(simulate(QUIET, unanswered));
    expect(messagesOf(recording)).toEqual([
      ['client', 'server', 10, 15, 'hi\n'],
      ['server', 'client', 15, 20, 'hello\n'],
      ['client', 'server', 20, null, 'are you there?\n'],
    ]);
    const { simulation, events } = recording;
    expect(simulation).toMatchObject({
      seed: 1,
      failure: 'deadlock',
      hosts: ['server', 'client'],
      tasks: ['answerer'],
      main: true,
    });
    expect(simulation.waits).toEqual([
      expect.objectContaining({ host: 'client', operation: 'readLine', since: 20 }),
      expect.objectContaining({ host: 'server', operation: 'readLine', since: 15 }),
    ]);
    const others = events.flatMap((event) => (event.type === 'message' ? [] : [event]));
    expect(others.map(({ type, what }) => `${type} ${what}`)).toEqual([
      'note listen',
      'note connect',
      'log log',
      'fault partition',
    ]);
  });

  test('says which message a fault has swallowed', async () => {
    const options = { ...QUIET, faults: { ...CALM, halfOpen: 1 } };
    const { recording } = await failureOf(simulate(options, unanswered));
    const [message] = recording.events.filter(
      (event) => event.type === 'message' && event.what === 'data',
    );
    expect(message).toMatchObject({ at: null, lostAt: 15, size: 3 });
  });

  test('has the hosts alone, whatever carries a message and whatever a name stands for', async () => {
    const main: SimulatedMain = async (sim) => {
      const [one, other] = [sim.host('one'), sim.host('other')];
      sim.dns.set('alias', ['one', 'other']);
      const [there, here] = [await other.bindUdp(53), await one.bindUdp(0)];
      await here.sendTo('hello', 'other:53');
      await there.recvFrom();
      throw new Error('no');
    };
    const { simulation, events } = (await failureOf(simulate(QUIET, main))).recording;
    expect(simulation.hosts).toEqual(['other', 'one']);
    const hosts = events.flatMap((event) => (event.type === 'message' ? [] : event.hosts));
    expect(new Set(hosts)).toEqual(new Set(['one', 'other']));
  });

  test('is the same for the same seed', async () => {
    const [one, other] = [
      await failureOf(simulate({ seed: 3, giveUpAfter: Infinity }, unanswered)),
      await failureOf(simulate({ seed: 3, giveUpAfter: Infinity }, unanswered)),
    ];
    expect(one.recording).toEqual(other.recording);
    expect(one.recording.simulation.decisions).toEqual(one.decisions);
  });
});

test('the bytes that a trace keeps are bounded: the last ones', () => {
  const trace = new Trace(() => 0);
  for (let index = 0; index < 300; index += 1) {
    const bytes = new Uint8Array(65_536).fill(index);
    trace.keep({ kind: 'data', connection: 'a:1 → b:1', sent: 0, arrived: 0, size: 1, bytes });
  }
  const kept = trace.deliveries;
  const total = kept.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0);
  expect(total).toBeLessThanOrEqual(4_194_304);
  expect(total).toBeGreaterThan(2_000_000);
  expect(kept.at(-1)?.bytes?.[0]).toBe(299 % 256);
});

describe('the page of a failed run', () => {
  let folder: string;
  let printed: string[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'awaitio-pages-'));
    printed = [];
    jest.spyOn(console, 'error').mockImplementation((line) => void printed.push(String(line)));
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await rm(folder, { recursive: true });
  });

  test('holds the recording, in which nothing ends its element, and needs nothing else', async () => {
    const error = await failureOf(simulate(QUIET, unanswered));
    const path = join(folder, 'a', 'failure.html');
    await error.writePage(path);
    const page = await readFile(path, 'utf8');
    const [, json = ''] = /type="application\/json">(.*?)<\/script>/s.exec(page) ?? [];
    expect(JSON.parse(json)).toEqual(error.recording);
    expect(page.match(/<\/script>/g)).toHaveLength(2);
    expect(page).not.toMatch(/\b(?:src|href)="(?!data:,|#)/);
    expect(page).toMatch(
      /Content-Security-Policy" content="default-src 'none'; script-src 'sha256-/,
    );
    const { traceEvents } = JSON.parse(
      await readFile(join(folder, 'a', 'failure.perfetto.json'), 'utf8'),
    );
    const named = traceEvents.filter(({ ph }: { ph: string }) => ph === 'X');
    expect(named.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(['data', 'data, never arrived', 'readLine waits']),
    );
  });

  test('is written when a folder is named, with the tasks and lines of the waits', async () => {
    const error = await failureOf(simulate({ ...QUIET, pages: folder }, unanswered));
    const [name = '', ...others] = (await readdir(folder)).toSorted();
    expect(name).toMatch(/^deadlock-seed-1-[\da-f]{8}\.html$/);
    expect(others).toEqual([name.replace('.html', '.perfetto.json')]);
    const page = await readFile(join(folder, name), 'utf8');
    expect(page).toContain('"task":"answerer"');
    expect(page).toContain('page.test.ts');
    expect(printed.join('\n')).toContain(join(folder, name));
    expect(isTracingWaits()).toBe(false);
    // The error is that of the run itself.
    expect(error.pending.waits.every(({ site }) => site === undefined)).toBe(true);
  });

  test('is written for the environment too, by runs of many seeds, and not for runs that succeed', async () => {
    process.env['AWAITIO_PAGES'] = folder;
    try {
      await simulateSeeds({ count: 3, latency: [1, 1] }, () => {});
      expect(await readdir(folder)).toEqual([]);
      await failureOf(simulateSeeds({ count: 3, from: 7 }, () => Promise.reject(new Error('no'))));
      expect((await readdir(folder)).join(' ')).toMatch(/main-seed-7-[\da-f]{8}\.html/);
      await failureOf(simulate({ ...QUIET, pages: false }, unanswered));
      expect(await readdir(folder)).toHaveLength(2);
    } finally {
      delete process.env['AWAITIO_PAGES'];
    }
  });

  test('is one for each cause, of its smallest run', async () => {
    const main: SimulatedMain = async (sim) => {
      const listener = await sim.host('server').listen(80);
      sim.executor.spawn(async () => {
        const stream = await listener.accept();
        // Mistakes the first piece for the whole.
        if ((await stream.readChunk())?.length !== 100) throw new Error('a part is missing');
        await stream.close();
      });
      const stream = await sim.host('client').connect('server:80');
      await stream.writeAll('x'.repeat(100));
      await stream.shutdown('write');
      await stream.readChunk();
      await stream.close();
    };
    const many = { count: 60, failures: 'all', shrink: true, pages: folder } as const;
    await expect(simulateSeeds(many, main)).rejects.toThrow(/a part is missing/);
    const files = (await readdir(folder)).filter((name) => name.endsWith('.html'));
    expect(files).toHaveLength(1);
    const page = await readFile(join(folder, files[0] ?? ''), 'utf8');
    const [, json = '{}'] = /type="application\/json">(.*?)<\/script>/s.exec(page) ?? [];
    expect(JSON.parse(json).simulation.decisions).toHaveLength(1);
  });

  test('is that of the run itself when the program does something else the second time', async () => {
    let runs = 0;
    const main: SimulatedMain = (sim) => {
      runs += 1;
      sim.log(`run ${runs}`);
      throw new Error('no');
    };
    await failureOf(simulate({ ...QUIET, pages: folder }, main));
    expect(runs).toBe(2);
    const [name = ''] = (await readdir(folder)).toSorted();
    expect(await readFile(join(folder, name), 'utf8')).toContain('"text":"run 1"');
  });

  test('replaces that of the same failure, and no other of its kind and seed', async () => {
    for (const reason of ['one', 'other', 'one']) {
      const run = simulate({ ...QUIET, pages: folder }, () => Promise.reject(new Error(reason)));
      await failureOf(run);
    }
    const pages = (await readdir(folder)).filter((name) => name.endsWith('.html'));
    expect(pages).toHaveLength(2);
  });

  test('that cannot be written does not hide why the run failed', async () => {
    const error = await failureOf(
      simulate({ ...QUIET, pages: '/dev/null/pages' }, () => Promise.reject(new Error('no'))),
    );
    expect(error.message).toContain('Error: no');
    expect(printed.join('\n')).toMatch(/simulate: no page, because of .*ENOTDIR/);
  });
});
