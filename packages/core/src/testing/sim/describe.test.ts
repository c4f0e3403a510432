import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { deferred } from '../../waiting/deferred.ts';
import { CALM } from './wire/faults.ts';
import type { Simulation, SimulationOptions } from './options.ts';
import { SimulationError } from './report.ts';
import { simulate } from './simulate.ts';

const QUIET: SimulationOptions = { faults: CALM, latency: [1, 1] };

async function failureOf(
  main: (sim: Simulation) => Promise<void>,
  options: SimulationOptions = QUIET,
): Promise<SimulationError> {
  const error: unknown = await simulate(options, main).catch((failure: unknown) => failure);
  if (error instanceof SimulationError) return error;
  throw new Error('expected the run to fail', { cause: error });
}

/** A client whose reply never comes, while others talk on. */
async function forgotten(sim: Simulation): Promise<void> {
  const listener = await sim.host('server').listen(80);
  sim.executor.spawn(async () => {
    for await (const stream of listener) {
      sim.executor.spawn(
        async () => {
          for (let line = await stream.readLine(); line !== null; line = await stream.readLine()) {
            if (line !== 'lost') await stream.writeAll(`${line}\n`);
          }
          await stream.close();
        },
        { name: 'echo' },
      );
    }
  });
  const victim = await sim.host('victim').connect('server:80');
  await victim.writeAll('lost\n');
  const other = await sim.host('other').connect('server:80');
  for (let round = 0; round < 30; round += 1) {
    await other.writeAll('again\n');
    await other.readLine();
  }
  await other.close();
  await victim.readLine();
}

describe('the report of a failed run', () => {
  test('has the events of the connection that waits, however much others did since', async () => {
    const { message } = await failureOf(forgotten);
    expect(message).toContain('data       victim:49153 → server:80 5');
    expect(message).toMatch(/victim:49153 → server:80: readLine, since/);
    expect(message.split('\n').length).toBeLessThan(40);
  });

  test('tells tasks of one name apart', async () => {
    const wait = async (sim: Simulation): Promise<void> => {
      for (const name of ['worker', 'worker', 'boss']) {
        sim.executor.spawn(() => deferred<void>().promise, { name });
      }
      await sim.clock.sleep(1);
    };
    const { message, pending } = await failureOf(wait);
    expect(pending.tasks).toEqual(['worker #1', 'worker #2', 'boss']);
    expect(message).toContain('task "worker" #1 has not finished');
    expect(message).toContain('task "worker" #2 has not finished');
    expect(message).toContain('task "boss" has not finished');
  });

  test('says when the deadline passed, and when something happened last', async () => {
    const { message } = await failureOf(
      async (sim) => {
        await sim.clock.sleep(490);
        await sim.clock.sleep(60_000);
      },
      { ...QUIET, deadline: 30_000 },
    );
    expect(message).toContain(
      'failed at 30000.000 ms: the deadline of 30000 ms passed; the last event was at 490.000 ms',
    );
  });

  test('says when a program waits for a promise that nothing of the simulation settles', async () => {
    const { message } = await failureOf(() => deferred<void>().promise);
    expect(message).toContain('what it waits for is a promise: nothing that has a name');
  });

  test('says which hosts have crashed, where the main program waits for something that ended with one', async () => {
    const { message, pending } = await failureOf(async (sim) => {
      const host = sim.host('db');
      sim.host('idle');
      const { promise: ready, resolve } = deferred<{ accept(): Promise<unknown> }>();
      host.run(async () => {
        resolve(await host.listen(80));
      });
      const listener = await ready;
      host.crash();
      host.restart();
      await listener.accept();
    });
    expect(pending.crashed).toEqual(['db']);
    expect(message).toContain(
      'crashed: db; what a program there had opened or promised before never settles',
    );
  });

  test('has the hash of the run once, beside how to replay it', async () => {
    const { message, hash } = await failureOf(forgotten);
    expect(message.split(hash)).toHaveLength(2);
    expect(message.split('\n').at(-1)).toBe(
      `replay it: simulate({ …the same options, seed: 0 }, main), or AWAITIO_SEED=0 with simulateSeeds (hash ${hash})`,
    );
  });

  test('has no more than its message and the stack when it is printed', async () => {
    const error = await failureOf(forgotten);
    const printed = inspect(error);
    const stack = String(error.stack).split('\n').length;
    expect(printed.split('\n').length).toBeLessThanOrEqual(stack + 8);
    expect(printed).not.toContain('trace:');
  });

  test('has the decisions of a run that had few of them, as sentences', async () => {
    const decisions = [
      { key: 'victim:49153 → server:80 / split / 0', value: 2 },
      { key: 'server:80 → other:49153 / latency / 1', value: 7_500 },
    ];
    const { message } = await failureOf(forgotten, { ...QUIET, latency: [1, 9], decisions });
    expect(message).toContain('what chance did:');
    expect(message).toContain(
      'victim:49153 → server:80: piece no. 1 of what was written was cut off after 2 byte(s)',
    );
    expect(message).toContain('server:80 → other:49153: segment no. 2 travelled for 7.5 ms');
  });
});
