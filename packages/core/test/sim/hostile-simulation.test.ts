/**
 * Every call of a simulated world, with every kind of wrong argument: it is refused with `InvalidInputError`, and the run goes on.
 *
 * A new call makes this file fail until it has a recipe here. It is made in a simulation, on hosts that are new each time.
 */
import { describe, expect, test } from '@jest/globals';
import { InvalidInputError, IoError, timeout, type ByteStream } from '../../src/index.ts';
import {
  CALM,
  simulate,
  SimClock,
  type SimFileHandle,
  type SimHost,
  type Simulation,
} from '../../src/testing/index.ts';
import { accepted, showError, TrapError, VALUES } from '../support/hostile-calls.ts';
import { readPage, type Parameter, type PublicCall } from '../support/public-api.ts';

/** What a call may be made on. */
interface Stage {
  readonly sim: Simulation;
  readonly a: SimHost;
  readonly b: SimHost;
  readonly stream: ByteStream;
  readonly file: SimFileHandle;
  /** A name that nothing has. */
  readonly name: string;
}
/** The object, and right arguments. */
type Recipe = (stage: Stage) => readonly [target: object, ...args: unknown[]];

const never = (): boolean => false;
const nothing = (): void => {};
const DATA = '/data';

const RECIPES: Readonly<Record<string, Recipe>> = {
  'FaultCalls.partition': ({ sim, a, b }) => [sim, a, b, {}],
  'FaultCalls.heal': ({ sim, a, b }) => [sim, a, b],
  'FaultCalls.hold': ({ sim, a, b }) => [sim, a, b],
  'FaultCalls.release': ({ sim, a, b }) => [sim, a, b],
  'FaultCalls.link': ({ sim, a, b }) => [sim, a, b, {}],
  'FaultCalls.during': ({ sim }) => [sim, 5, {}],
  'FaultCalls.silence': ({ sim, a, b }) => [sim, a, b],
  'FaultCalls.reset': ({ sim, a, b }) => [sim, a, b],
  'FaultCalls.drop': ({ sim }) => [sim, never],
  'FaultCalls.delay': ({ sim }) => [sim, never, 5],
  'FaultCalls.barrier': ({ sim }) => [sim, never],
  'SimBarrier.reached': ({ sim }) => [sim.barrier(never), {}],
  'SimClock.setTimer': ({ sim }) => [sim.clock, nothing, 1],
  'SimClock.defer': ({ sim }) => [sim.clock, nothing],
  'SimClock.sleep': ({ sim }) => [sim.clock, 1, {}],
  'SimClock.arm': ({ sim }) => [sim.clock, nothing, 1],
  'SimClock.schedule': ({ sim }) => [sim.clock, nothing, 1],
  'SimClock.step': () => [new SimClock(), 5],
  'SimDisk.open': ({ a, name }) => [a.disk, `/${name}`, 'w', 0o600],
  'SimDisk.readFile': ({ a }) => [a.disk, DATA, {}],
  'SimDisk.writeFile': ({ a }) => [a.disk, DATA, 'x', {}],
  'SimDisk.appendFile': ({ a }) => [a.disk, DATA, 'x', {}],
  'SimDisk.rename': ({ a }) => [a.disk, DATA, DATA],
  'SimDisk.unlink': ({ a }) => [a.disk, '/none'],
  'SimDisk.rm': ({ a }) => [a.disk, '/none', { force: true }],
  'SimDisk.mkdir': ({ a, name }) => [a.disk, `/${name}`, {}],
  'SimDisk.rmdir': ({ a }) => [a.disk, '/none'],
  'SimDisk.readdir': ({ a }) => [a.disk, '/'],
  'SimDisk.stat': ({ a }) => [a.disk, DATA],
  'SimDisk.access': ({ a }) => [a.disk, DATA],
  'SimDisk.truncate': ({ a }) => [a.disk, DATA, 0],
  'SimDns.set': ({ sim, a }) => [sim.dns, 'alias', [a.name]],
  'SimDns.addressOf': ({ sim, a }) => [sim.dns, a.name],
  'SimDns.delete': ({ sim }) => [sim.dns, 'alias'],
  'SimDns.lookup': ({ sim }) => [sim.dns, 'alias'],
  'SimFileHandle.read': ({ file }) => [file, new Uint8Array(4), 0, 4, 0],
  'SimFileHandle.write': ({ file }) => [file, Buffer.from('x'), 0, 1, 0],
  'SimFileHandle.readFile': ({ file }) => [file, {}],
  'SimFileHandle.writeFile': ({ file }) => [file, 'x', {}],
  'SimFileHandle.appendFile': ({ file }) => [file, 'x', {}],
  'SimFileHandle.truncate': ({ file }) => [file, 0],
  'SimHost.run': ({ b }) => [b, nothing],
  'SimHost.enter': ({ a }) => [a, nothing],
  'SimHost.pause': ({ b }) => [b, 5],
  'SimHost.listen': ({ a }) => [a, 443, {}],
  'SimHost.connect': ({ a, b }) => [b, `${a.name}:80`, {}],
  'SimHost.bindUdp': ({ a }) => [a, 443, {}],
  'SimHostClock.skew': ({ b }) => [b.clock, 1],
  'SimHostClock.jump': ({ b }) => [b.clock, 1],
  'Clock of a host.setTimer': ({ b }) => [b.clock, nothing, 1],
  'Clock of a host.defer': ({ b }) => [b.clock, nothing],
  'Clock of a host.sleep': ({ b }) => [b.clock, 1, {}],
  'SimLink.faults': ({ sim, a, b }) => [sim.link(a, b), {}],
  'SimLink.during': ({ sim, a, b }) => [sim.link(a, b), 5, {}],
  'SimNetwork.host': ({ sim, name }) => [sim.network, name],
  'SimNetwork.partition': ({ sim, a, b }) => [sim.network, a, b, {}],
  'SimNetwork.heal': ({ sim, a, b }) => [sim.network, a, b],
  'SimNetwork.hold': ({ sim, a, b }) => [sim.network, a, b],
  'SimNetwork.release': ({ sim, a, b }) => [sim.network, a, b],
  'SimStream.setNoDelay': ({ stream }) => [stream, true],
  'SimStream.setKeepAlive': ({ stream }) => [stream, true],
  'SimStream.setTypeOfService': ({ stream }) => [stream, 0],
  'Simulation.host': ({ sim, name }) => [sim, name],
  'Simulation.always': ({ sim }) => [sim, true, 'a name'],
  'Simulation.sometimes': ({ sim }) => [sim, true, 'a name'],
  'Simulation.reachable': ({ sim }) => [sim, 'a name'],
  'Simulation.log': ({ sim }) => [sim, 'a line'],
};

/** What its type does not say. */
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  'SimClock.schedule(lane)': VALUES.map(([kind]) => kind),
  'SimStream.setKeepAlive(keepAlive)': ['object', 'array'],
  // One of its overloads is optional.
  'SimDisk.readFile(options)': ['undefined', 'null'],
};

const parameters = (...types: readonly string[]): readonly Parameter[] =>
  types.map((type, at) => ({ name: `argument ${at + 1}`, type, isOptional: false }));
/** Those that the page has as properties, or in another interface. */
const OTHERS: readonly PublicCall[] = [
  { name: 'SimHost.listen', parameters: parameters('number', 'Options | undefined') },
  { name: 'SimHost.connect', parameters: parameters('Address', 'Options | undefined') },
  { name: 'SimHost.bindUdp', parameters: parameters('number', 'Options | undefined') },
  { name: 'Clock of a host.sleep', parameters: parameters('number', 'Options | undefined') },
].map((call) => ({ ...call, returnsPromise: true }));
const TIMERS: readonly PublicCall[] = [
  { name: 'Clock of a host.setTimer', parameters: parameters('() => void', 'number') },
  { name: 'Clock of a host.defer', parameters: parameters('() => void') },
].map((call) => ({ ...call, returnsPromise: false }));

const { calls } = readPage('core', 'testing');
const owners = new Set(Object.keys(RECIPES).map((name) => name.replace(/\..*/, '')));
const OWN = calls.filter(
  ({ name, parameters: { length } }) => length > 0 && owners.has(name.replace(/\..*/, '')),
);

/** Ends what a call has begun. */
async function discard(result: unknown): Promise<void> {
  const made = (result ?? {}) as Record<'cancel' | 'release' | 'reset' | 'close', unknown>;
  for (const name of ['cancel', 'release', 'reset', 'close'] as const) {
    const end = made[name];
    if (typeof end === 'function') await Reflect.apply(end, made, []);
  }
}

/** Makes one call, and says what is wrong with its outcome. */
async function outcomeOf(
  call: PublicCall,
  stage: Stage,
  at: number,
  value: unknown,
  mayPass: boolean,
): Promise<string | undefined> {
  const [target, ...args] = RECIPES[call.name]?.(stage) ?? [{}];
  args[at] = value;
  const member = call.name.replace(/^.*\./, '');
  const method = (target as Record<string, (...args: unknown[]) => unknown>)[member];
  if (method === undefined) return 'has no such method';
  let isSync = true;
  try {
    const result = await timeout(
      60_000,
      () => {
        const made = Reflect.apply(method, target, args);
        isSync = false;
        return made;
      },
      { clock: stage.sim.clock },
    );
    await discard(result);
    return mayPass ? undefined : 'was accepted';
  } catch (error) {
    if (call.returnsPromise && isSync) return 'threw synchronously';
    if (error instanceof TrapError || error instanceof InvalidInputError) return undefined;
    return mayPass && error instanceof IoError ? undefined : showError(error);
  }
}

/** What is wrong with the outcomes of one parameter, with all values. */
async function wrongOutcomes(call: PublicCall, at: number): Promise<string[]> {
  const parameter = call.parameters[at];
  if (parameter === undefined) return [];
  const kinds = accepted(parameter);
  const exception = EXCEPTIONS[`${call.name}(${parameter.name})`] ?? [];
  const wrong: string[] = [];
  await simulate({ seed: 1, faults: CALM, deadline: 10_000_000 }, async (sim) => {
    for (const [number, [kind, show, make]] of VALUES.entries()) {
      const value = make();
      // A callback that throws, or a program: it fails the run, as it should.
      if (kind === 'proxy' && typeof value === 'function' && kinds.has('function')) continue;
      const [a, b] = [sim.host(`a${number}`), sim.host(`b${number}`)];
      const listener = await a.listen(80);
      const stream = await b.connect(`${a.name}:80`);
      await a.disk.writeFile(DATA, 'data');
      const file = await a.disk.open(DATA, 'r+');
      const stage = { sim, a, b, stream, file, name: `new${number}` };
      const mayPass = kinds.has(kind) || exception.includes(kind);
      const outcome = await outcomeOf(call, stage, at, value, mayPass);
      if (outcome !== undefined)
        wrong.push(`${call.name}: ${parameter.name} = ${show}: ${outcome}`);
      await file.close();
      stream.reset();
      await listener.close();
      sim.quiet();
    }
  });
  return wrong;
}

describe('a call of a simulated world', () => {
  test('is known here, and nothing else is', () => {
    const known = [...OWN, ...OTHERS, ...TIMERS].map(({ name }) => name);
    expect(Object.keys(RECIPES).toSorted()).toEqual(known.toSorted());
  });

  test.each([...OWN, ...OTHERS, ...TIMERS].map((call) => [call.name, call] as const))(
    '%s refuses wrong arguments',
    async (_name, call) => {
      const wrong: string[] = [];
      for (const at of call.parameters.keys()) wrong.push(...(await wrongOutcomes(call, at)));
      expect(wrong).toEqual([]);
    },
  );
});
