/** Runs a program with Node's sockets, and with those of a simulated host. */
import { once } from 'node:events';
import nodeNet, { type AddressInfo, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { CALM } from '../../src/testing/sim/wire/faults.ts';
import { simulate } from '../../src/testing/sim/simulate.ts';

type Net = typeof nodeNet;
const codeOf = (error: NodeJS.ErrnoException | null | undefined) => error?.code;

/** Where a program runs. */
interface Place {
  readonly net: Net;
  /** A port on which a server says `hi` and reads. */
  readonly open: number;
  readonly closed: number;
  readonly host: string;
  /** Waits until nothing more happens. */
  readonly settled: () => Promise<unknown>;
}

const EVENTS = ['connect', 'ready', 'finish', 'end', 'close'];

/** What a program saw of a socket, with what it adds. */
export function record(socket: Socket): string[] {
  const seen: string[] = [];
  for (const name of EVENTS) socket.on(name, () => seen.push(name));
  socket.on('error', (error) => seen.push(`error ${codeOf(error)}`));
  return seen;
}

/** A callback of `write` or `end`. */
export const called = (seen: unknown[], name: string) => (error?: Error | null) => {
  seen.push(`${name} ${codeOf(error) ?? 'done'}`);
};

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = nodeNet.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function serve(net: Net, port: number): nodeNet.Server {
  return net
    .createServer((peer) => {
      peer.on('error', () => {}).resume();
      peer.write('hi');
    })
    .listen(port);
}

/** Runs a program on a simulated host. */
export async function onSimulated(program: (place: Place) => Promise<unknown>): Promise<unknown> {
  let seen: unknown;
  await simulate({ faults: CALM }, async (sim) => {
    const { net } = sim.host('a');
    const server = serve(net, 80);
    const settled = () => sim.clock.sleep(1_000);
    seen = await program({ net, open: 80, closed: 81, host: 'a', settled });
    server.close();
  });
  return seen;
}

/** Runs a program with `node:net`, and with that of a simulated host. */
export async function onBoth(program: (place: Place) => Promise<unknown>) {
  const server = serve(nodeNet, 0);
  const peers = new Set<Socket>();
  server.on('connection', (peer) => peers.add(peer));
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const settled = async () => {
    // Each separate connection makes the loop turn until what was before it has come.
    for (let count = 0; count < 5; count += 1) {
      const probe = nodeNet.connect(port, '127.0.0.1');
      await once(probe, 'data');
      probe.destroy();
      await once(probe, 'close');
      await turn();
    }
  };
  const closed = await freePort();
  const real = await program({ net: nodeNet, open: port, closed, host: '127.0.0.1', settled });
  server.close();
  for (const peer of peers) peer.destroy();
  // After all of its connections.
  await once(server, 'close');
  return { real, simulated: await onSimulated(program) };
}
