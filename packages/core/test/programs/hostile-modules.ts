/**
 * Passes wrong arguments, and callbacks that throw, to `node:net`, `node:tls` and `node:dns`, as Node has them and as a simulated host has them,
 * and prints where the outcomes differ.
 */

import dns from 'node:dns';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import tls from 'node:tls';
import { simulate, SimulationError } from '../../src/testing/index.ts';
import { TrapError, VALUES } from '../support/hostile-calls.ts';
import { MODULE_CALLS, THROWING, type ModuleCall, type Modules } from '../support/module-calls.ts';

/** Values that the modules tell apart, beside those of every call. */
const MORE: readonly (readonly [show: string, make: () => unknown])[] = [
  ['0', () => 0],
  ['70000', () => 70_000],
  ['false', () => false],
  ["'7'", () => '7'],
  ["' 7'", () => ' 7'],
];
const ALL = [
  ...VALUES.map(([, name, make]) => [name, make] as const),
  ...MORE,
  // As a callback it would throw, see THROWING.
].filter(([name]) => !name.includes('function Proxy'));

/** What is of this machine, and refused in a simulation by its name; and what has no effect there. */
const OTHERWISE = new Set([
  'listen({ fd }) 7',
  'listen({ fd }) 0',
  'listen({ fd }) 70000',
  // Node 24 has options in place of it, which have no effect on a simulated connection.
  'socket.setKeepAlive(v) a Proxy that throws',
]);

const nothing = (): void => {};

function show(error: unknown): string {
  if (error instanceof TrapError) return 'a trap';
  const { name, code } = error as { name?: unknown; code?: unknown };
  return `${name === 'RangeError' || name === 'TypeError' ? name : 'Error'} ${String(code)}`;
}

/** Whether it says that an argument is wrong. */
function isRefusal(error: unknown): boolean {
  const { name, code } = error as { name?: unknown; code?: unknown };
  if (
    error instanceof TrapError ||
    /^ERR_(?:INV|OUT|SOCKET_BAD|MISS|TLS_INV|INT)/.test(String(code))
  )
    return true;
  return (
    code === 'EINVAL' || ((name === 'TypeError' || name === 'RangeError') && code === undefined)
  );
}

interface Outcome {
  /** What has come so far. */
  readonly seen: () => string;
  readonly end: () => void;
}

function begin(call: ModuleCall, modules: Modules, value: unknown): Outcome {
  const seen: string[] = [];
  const note = (how: string, error: unknown): void => {
    if (isRefusal(error)) seen.push(`${how} ${show(error)}`);
  };
  let made: unknown;
  try {
    made = call(modules, value as never);
  } catch (error) {
    seen.push(`throws ${show(error)}`);
  }
  const { destroy, close, on } = (made ?? {}) as Record<'destroy' | 'close' | 'on', unknown>;
  if (made instanceof Promise)
    made.catch((error: unknown) => {
      note('rejects with', error);
    });
  if (typeof on === 'function') {
    Reflect.apply(on, made, [
      'error',
      (error: unknown) => {
        note('emits', error);
      },
    ]);
  }
  return {
    seen: () => seen.join(', ') || 'is accepted',
    end: () => {
      const end = typeof destroy === 'function' ? destroy : close;
      if (typeof end === 'function') Reflect.apply(end, made, []);
    },
  };
}

/** The outcomes of a call with every value. */
async function outcomesOf(call: ModuleCall, modules: Modules, wait: () => Promise<unknown>) {
  const begun: Outcome[] = [];
  for (const [, make] of ALL) begun.push(begin(call, modules, make()));
  await wait();
  for (const { end } of begun) end();
  await wait();
  return begun.map(({ seen }) => seen());
}

function isAlike(node: string, here: string): boolean {
  if (node === here) return true;
  // Node looks into the value that it refuses to describe it, and Node 20 into some to convert them.
  const isInspected = node === 'throws a trap' || node === 'throws TypeError undefined';
  return isInspected && here.startsWith('throws TypeError ERR_');
}

const folder = await mkdtemp(join(tmpdir(), 'awaitio-modules-'));
process.chdir(folder);
const uncaught: unknown[] = [];
for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, (error: unknown) => uncaught.push(error));
}
process.on('warning', nothing);

const server = net.createServer((socket) => socket.on('error', nothing).resume());
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const sockets = new Set<net.Socket>();
const real: Modules = {
  net,
  tls,
  dns,
  host: '127.0.0.1',
  port,
  callback: nothing,
  socket: () => {
    const socket = net.connect(port, '127.0.0.1').on('error', nothing);
    sockets.add(socket);
    return socket;
  },
};

/** On a host beside one whose server reads. */
async function inSimulation<T>(
  body: (modules: Modules, wait: () => Promise<unknown>) => Promise<T>,
) {
  let result: T | undefined;
  await simulate({ seed: 1, latency: [1, 1] }, async (sim) => {
    const [a, b] = [sim.host('a'), sim.host('b')];
    const reader = a.net.createServer((socket) => socket.on('error', nothing).resume());
    reader.listen(80);
    const open = new Set<net.Socket>();
    const socket = (): net.Socket => {
      const made = b.net.connect(80, sim.dns.addressOf('a')).on('error', nothing);
      open.add(made);
      return made;
    };
    const host = sim.dns.addressOf('a');
    const modules = { net: b.net, tls: b.tls, dns: b.dns, host, port: 80, socket };
    result = await body({ ...modules, callback: nothing }, () => sim.clock.sleep(20));
    for (const each of open) each.destroy();
    reader.close();
  });
  return result as T;
}

let alike = 0;
for (const [name, call] of MODULE_CALLS) {
  const node = await outcomesOf(call, real, async () => {
    await turn();
    await turn();
  });
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  const here = await inSimulation((modules, wait) => outcomesOf(call, modules, wait)).catch(
    (error: unknown) => [String(error)],
  );
  for (const [at, [value]] of ALL.entries()) {
    if (OTHERWISE.has(`${name} ${value}`)) continue;
    if (isAlike(node[at] ?? '', here[at] ?? '')) alike += 1;
    else console.log(`${name} ${value}: node ${node[at] ?? ''}; here ${here[at] ?? ''}`);
  }
}
console.log(`${uncaught.length} uncaught, ${alike > 2_000 ? 'more than 2000' : alike} alike`);

/** How a callback ends that throws. */
async function thrownBy(call: ModuleCall, wait: () => Promise<unknown>, modules: Modules) {
  const error = new TrapError('of the program');
  const { seen, end } = begin(call, modules, () => {
    throw error;
  });
  await wait();
  end();
  return seen();
}

for (const [name, call] of THROWING) {
  uncaught.length = 0;
  const until = async (): Promise<void> => {
    // Over loopback this takes a few turns.
    for (let turns = 0; uncaught.length === 0 && turns < 10_000; turns += 1) await turn();
  };
  const how = await thrownBy(call, name.includes('lookup }') ? () => turn() : until, real);
  const node = uncaught.length > 0 ? 'is uncaught' : how;
  const here = await inSimulation((modules, wait) => thrownBy(call, wait, modules)).catch(
    (error: unknown) => {
      const isUncaught = error instanceof SimulationError && error.kind === 'uncaught exception';
      return isUncaught && error.cause instanceof TrapError ? 'is uncaught' : String(error);
    },
  );
  console.log(`${name}: ${node === here ? 'alike' : `node ${node}; here ${here}`}`);
}
await rm(folder, { recursive: true });
process.exit();
