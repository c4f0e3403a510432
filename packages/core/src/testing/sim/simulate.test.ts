import { describe, expect, jest, test } from '@jest/globals';
import nodeCrypto from 'node:crypto';
import { createServer, connect } from 'node:net';
import { platform } from '../../vocabulary/platform.ts';
import { systemClock } from '../../waiting/system-clock.ts';
import { deferred } from '../../waiting/deferred.ts';
import { simulate } from './simulate.ts';
import type { SimulatedMain, Simulation, SimulationOptions } from './options.ts';
import { simulateSeeds } from './seeds/simulate-seeds.ts';
import { SimulationError } from './report.ts';
import { traceWaits } from '../../waiting/wait-trace.ts';

/** Runs a program that must fail, and returns the failure. */
async function failureOf(
  options: SimulationOptions,
  main: SimulatedMain,
): Promise<SimulationError> {
  try {
    await simulate(options, main);
  } catch (error) {
    if (error instanceof SimulationError) return error;
    throw error;
  }
  throw new Error('the simulation was expected to fail');
}

/** An echo server and one client: the program of most tests. */
async function echoOnce(sim: Simulation): Promise<void> {
  const listener = await sim.host('server').listen(80);
  sim.executor.spawn(async () => {
    for await (const stream of listener) {
      for await (const chunk of stream) await stream.writeAll(chunk);
      await stream.close();
    }
  });
  const stream = await sim.host('client').connect('server:80');
  await stream.writeAll('a message of some length');
  const answer = await stream.readExactly(24);
  expect(Buffer.from(answer).toString()).toBe('a message of some length');
  await stream.close();
}

describe('a simulation', () => {
  test('runs a program of hosts, streams and tasks, and tells what happened', async () => {
    const run = await simulate({ seed: 7 }, echoOnce);
    expect(run.seed).toBe(7);
    expect(run.virtualTime).toBeGreaterThan(0);
    expect(run.trace[0]).toEqual({ time: 0, event: 'listen', subject: 'server:80', count: 0 });
    expect(run.trace.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['connect', 'data', 'fin']),
    );
  });

  test('gives the same hash for the same seed, and another for another', async () => {
    const hashes = new Set<string>();
    for (let seed = 1; seed <= 50; seed += 1) {
      const run = await simulate({ seed }, echoOnce);
      const again = await simulate({ seed }, echoOnce);
      expect(again).toEqual(run);
      hashes.add(run.hash);
    }
    expect(hashes.size).toBe(50);
  });

  test('gives the same hash on every machine and every Node', async () => {
    const faults = { reset: 0.02, partition: 0.05, crash: 0.01, refuse: 0.05, halfOpen: 0.005 };
    const run = await simulate({ seed: 2_020, faults }, async (sim) => {
      await echoOnce(sim);
      sim.log(`${sim.random.integer(0, 1_000)} ${new Date().toISOString()}`);
    });
    expect(run.hash).toBe('c3ea87c39a24b09d');
  });

  test('gives another hash when the bytes differ and nothing else does', async () => {
    const send = (text: string) => async (sim: Simulation) => {
      const listener = await sim.host('server').listen(80);
      const [client, server] = await Promise.all([
        sim.host('client').connect('server:80'),
        listener.accept(),
      ]);
      await client.writeAll(text);
      await server.readExactly(3);
      await client.close();
      await server.close();
    };
    const a = await simulate({ seed: 1 }, send('abc'));
    const b = await simulate({ seed: 1 }, send('abd'));
    expect(a.trace).toEqual(b.trace);
    expect(a.hash).not.toBe(b.hash);
  });

  test('costs no real time: a year passes at once', async () => {
    const year = 365 * 86_400_000;
    const run = await simulate({ deadline: year }, async (sim) => {
      await sim.clock.sleep(year - 1);
    });
    expect(run.virtualTime).toBe(year - 1);
  });

  test('shows the program its virtual time, however it asks', async () => {
    await simulate({}, async (sim) => {
      await sim.clock.sleep(1_500);
      expect(performance.now()).toBe(1_500);
      expect(systemClock.now()).toBe(1_500);
      expect(process.uptime()).toBe(1.5);
      expect(process.hrtime()).toEqual([1, 500_000_000]);
      expect(process.hrtime([1, 499_999_999])).toEqual([0, 1]);
      expect(process.hrtime([0, 999_999_999])).toEqual([0, 500_000_001]);
      expect(process.hrtime.bigint()).toBe(1_500_000_000n);
      expect(Date.now()).toBe(sim.clock.wallTime());
      expect(new Date().toISOString()).toBe('2020-01-01T00:00:01.500Z');
      expect(new Date(0).getTime()).toBe(0);
      expect(new Date()).toBeInstanceOf(Date);
    });
    expect(new Date().getFullYear()).toBeGreaterThan(2_024);
  });

  test('gives the real world back, also after a failure', async () => {
    const before = realWorld();
    await failureOf({}, () => {
      throw new Error('no');
    });
    expect(realWorld()).toEqual(before);
  });

  test('lets no one run a second one at the same time', async () => {
    const first = simulate({}, (sim) => sim.clock.sleep(10));
    await expect(simulate({}, () => {})).rejects.toThrow('another simulation is running');
    await first;
  });

  test('checks its options', async () => {
    await expect(simulate({ seed: -1 }, () => {})).rejects.toThrow(
      'expected `seed` to be a whole number from 0',
    );
    await expect(simulate({ deadline: 0 }, () => {})).rejects.toThrow('deadline');
    await expect(simulate({ latency: [5, 1] }, () => {})).rejects.toThrow('latency');
    await expect(simulate({ faults: { reset: 2 } }, () => {})).rejects.toThrow('faults.reset');
    await expect(simulate({ faults: { rain: 1 } as never }, () => {})).rejects.toThrow(
      'faults.rain',
    );
    await expect(simulateSeeds({ count: 0 }, () => {})).rejects.toThrow('count');
  });
});

describe('a simulation fails by itself', () => {
  test('when all tasks wait: it says who, on what, since when, and how to replay it', async () => {
    const failure = await failureOf({ seed: 9 }, async (sim) => {
      const listener = await sim.host('server').listen(80);
      const client = await sim.host('client').connect('server:80');
      const server = await listener.accept();
      sim.executor.spawn(() => server.readLine(), { name: 'greeter' });
      await client.readLine();
    });
    expect(failure.kind).toBe('deadlock');
    expect(failure.message).toContain('simulation with seed 9 failed at');
    expect(failure.message).toContain('main has not finished');
    expect(failure.message).toContain('task "greeter" has not finished');
    expect(failure.message).toMatch(/client:49153 → server:80: readLine, since \d+\.\d{3} ms/);
    expect(failure.message).toMatch(/server:80 → client:49153: readLine, since/);
    expect(failure.message).toContain('AWAITIO_SEED=9');
  });

  test('and names the task and the line of a wait, while waits are traced', async () => {
    traceWaits(true);
    const failure = await failureOf({}, async (sim) => {
      const listener = await sim.host('server').listen(80);
      await sim.host('client').connect('server:80');
      const server = await listener.accept();
      sim.executor.spawn(() => server.readLine(), { name: 'greeter' });
    });
    traceWaits(false);
    const [, site = ''] = failure.message.split(/readLine, since .*, task "greeter"\n/);
    expect(site.split('\n')[0]).toMatch(/^ +at .*simulate\.test\.ts:\d+:\d+/);
  });

  test('when main waits for a promise that no one settles', async () => {
    const failure = await failureOf({}, () => deferred<void>().promise);
    expect(failure.kind).toBe('deadlock');
    expect(failure.pending).toMatchObject({ main: true, tasks: [], waits: [] });
  });

  test('when a wait is left pending at the end', async () => {
    const failure = await failureOf({}, async (sim) => {
      const listener = await sim.host('server').listen(80);
      await sim.host('client').connect('server:80');
      const server = await listener.accept();
      void server.readable();
    });
    expect(failure.kind).toBe('pending');
    expect(failure.message).toMatch(/server:80 → client:49153: readable/);
  });

  test('when a task never ends', async () => {
    const failure = await failureOf({}, (sim) => {
      sim.executor.spawn(() => deferred<void>().promise, { name: 'dreamer' });
    });
    expect(failure.kind).toBe('pending');
    expect(failure.pending.tasks).toEqual(['dreamer']);
  });

  test('but not for accept loops: listeners that are left open are closed at the end', async () => {
    await simulate({}, async (sim) => {
      const listener = await sim.host('server').listen(80);
      sim.executor.spawn(async () => {
        for await (const stream of listener) await stream.close();
      });
      sim.executor.spawn(async () => {
        const other = await sim.host('server').listen(81);
        await other.accept();
      });
    });
  });

  test('when main or a task throws, with the error as its cause', async () => {
    const error = new Error('as planned');
    const thrower = (): never => {
      throw error;
    };
    expect(await failureOf({}, thrower)).toMatchObject({ kind: 'main', cause: error });
    const task = await failureOf({}, (sim) => {
      sim.executor.spawn(thrower, { name: 'bomber' });
    });
    expect(task).toMatchObject({ kind: 'task', cause: error });
    expect(task.message).toContain('task "bomber" failed: Error: as planned');
  });

  test('when no one handles a rejection', async () => {
    const failure = await failureOf({}, async (sim) => {
      void Promise.reject(new Error('unheard'));
      await sim.clock.sleep(1);
    });
    expect(failure.kind).toBe('unhandled rejection');
    expect(failure.message).toContain('unheard');
  });

  test('when its deadline passes', async () => {
    const failure = await failureOf({ deadline: 500 }, (sim) => sim.clock.sleep(501));
    expect(failure.kind).toBe('deadline');
    expect(failure.message).toContain('the deadline of 500 ms passed');
    expect(failure.message).toContain('1 timer(s) or event(s), the next at 501.000 ms');
  });

  test('when it never comes to rest', async () => {
    const failure = await failureOf({ maxEvents: 100 }, async (sim) => {
      for (;;) await sim.clock.sleep(0);
    });
    expect(failure.kind).toBe('events');
  });

  test.each<[string, () => unknown]>([
    ['crypto.generateKeyPairSync', () => nodeCrypto.generateKeyPairSync('ed25519')],
    ['net.Socket.connect', () => connect(9)],
    ['net.Server.listen', () => createServer().listen(0)],
  ])('when the program uses the real %s, also if it catches that', async (name, use) => {
    const failure = await failureOf({}, () => {
      expect(use).toThrow(`${name} was called inside a simulation`);
    });
    expect(failure.kind).toBe('forbidden call');
    expect(failure.message).toContain(name);
  });

  test('when the program uses the real network, and says where the simulated one is', async () => {
    const failure = await failureOf({}, () => void createServer().listen(0));
    expect(failure.message).toContain('use the listen, connect or net of sim.host(name)');
  });
});

describe('many seeds', () => {
  test('stop at the first that fails, and that seed alone fails in the same way', async () => {
    const main = async (sim: Simulation): Promise<void> => {
      await sim.clock.sleep(sim.random.integer(0, 100));
      if (sim.clock.now() > 95) throw new Error('too late');
    };
    const failure = await simulateSeeds({ count: 1_000 }, main).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SimulationError);
    const { seed, hash, message } = failure as SimulationError;
    expect(seed).toBeGreaterThan(1);
    const replayed = await failureOf({ seed }, main);
    expect(replayed.hash).toBe(hash);
    expect(replayed.message).toBe(message);
  });

  test('run one seed only when the environment names it', async () => {
    process.env['AWAITIO_SEED'] = '77';
    try {
      const seeds: number[] = [];
      const report = await simulateSeeds({ count: 1_000 }, (sim) => {
        seeds.push(sim.seed);
      });
      expect(seeds).toEqual([77]);
      expect(report.runs).toBe(1);
    } finally {
      delete process.env['AWAITIO_SEED'];
    }
  });

  test.each(['seed295', '', ' 7', '1e3', '-1', '2.5', '99999999999999999999'])(
    'are refused when the environment names %j, which is no seed',
    async (text) => {
      process.env['AWAITIO_SEED'] = text;
      const main = jest.fn<SimulatedMain>();
      try {
        await expect(simulateSeeds({ count: 10 }, main)).rejects.toThrow(
          `simulateSeeds: expected \`AWAITIO_SEED\` to be a whole number from 0, got ${JSON.stringify(text)} (string)`,
        );
        expect(main).not.toHaveBeenCalled();
      } finally {
        delete process.env['AWAITIO_SEED'];
      }
    },
  );
});

function realWorld(): unknown[] {
  const { hrtime, uptime } = process;
  return [
    ...Object.values(platform),
    setTimeout,
    setInterval,
    setImmediate,
    Math.random,
    Date,
    AbortSignal.timeout,
    hrtime,
    uptime,
  ];
}
