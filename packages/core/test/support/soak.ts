/**
 * Connections opened and closed one after another, for a long time: what one of them leaves behind shows.
 *
 * The heap is measured after a full collection, five times in each tenth of the run. The first tenth warms up; the last one
 * has to be as large as the second. Clients reset every other connection, and each carries a few bytes both ways.
 */

import { readdirSync, readlinkSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  TcpListener,
  TcpStream,
  TlsListener,
  TlsStream,
  UnixListener,
  UnixStream,
  type ByteStream,
  type Listener,
} from '../../src/index.ts';
import { TestAuthority } from '../../src/testing/index.ts';
import { temporaryPath } from './socket-pairs.ts';

export interface SoakReport {
  readonly count: number;
  /** The mean of the heap after collection in each tenth, in bytes. */
  readonly heap: readonly number[];
  /** How much larger the last tenth is than the second, as a fraction. */
  readonly growth: number;
  /** Sockets that this process had open before and after. */
  readonly sockets: readonly [before: number, after: number];
  readonly perSecond: number;
}

/** A place to connect to, on one kind of socket. */
interface Place {
  readonly listener: Listener;
  connect(): Promise<ByteStream>;
  close(): Promise<void>;
}

const PLACES: ReadonlyMap<string, () => Promise<Place>> = new Map<string, () => Promise<Place>>([
  ['tcp', tcp],
  ['unix', unix],
  ['tls', tls],
]);

async function tcp(): Promise<Place> {
  const listener = await TcpListener.bind('127.0.0.1:0');
  return {
    listener,
    connect: () => TcpStream.connect(listener.localAddress),
    close: () => listener.close(),
  };
}

async function unix(): Promise<Place> {
  const { path, remove } = await temporaryPath();
  const listener = await UnixListener.bind(path);
  return {
    listener,
    connect: () => UnixStream.connect(path),
    close: async () => {
      await listener.close();
      await remove();
    },
  };
}

async function tls(): Promise<Place> {
  const authority = new TestAuthority();
  const listener = await TlsListener.bind('127.0.0.1:0', authority.issue(['127.0.0.1']));
  const address = listener.localAddress as { host: string; port: number };
  const secureContext = createSecureContext({ ca: authority.cert });
  return {
    listener,
    connect: () => TlsStream.connect(address, { secureContext }),
    close: () => listener.close(),
  };
}

export const KINDS: readonly string[] = [...PLACES.keys()];

const SAMPLES_PER_TENTH = 5;

function openSockets(): number {
  if (process.platform !== 'linux') return 0;
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

async function echo(listener: Listener): Promise<void> {
  for await (const stream of listener) {
    void (async () => {
      try {
        for await (const chunk of stream) await stream.writeAll(chunk);
        await stream.close();
      } catch {
        stream.reset();
      }
    })();
  }
}

async function oneConnection(place: Place, at: number): Promise<void> {
  const stream = await place.connect();
  await stream.writeAll('hello\n');
  await stream.readLine();
  if (at % 2 === 0) stream.reset();
  else await stream.close();
  await stream.closed;
}

/**
 * @param kind - One of {@link KINDS}.
 * @param onTenth - Called with the mean heap of each tenth.
 */
export async function soak(
  kind: string,
  count: number,
  onTenth: (tenth: number, heap: number) => void = () => {},
): Promise<SoakReport> {
  const collect = collector();
  const before = openSockets();
  const open = PLACES.get(kind);
  if (open === undefined) throw new Error(`no such kind: ${kind}`);
  const place = await open();
  const serving = echo(place.listener);
  const heap: number[] = [];
  const step = Math.ceil(count / 10 / SAMPLES_PER_TENTH);
  const started = performance.now();
  for (let tenth = 0, at = 0; tenth < 10; tenth += 1) {
    let sum = 0;
    for (let sample = 0; sample < SAMPLES_PER_TENTH; sample += 1) {
      for (const end = at + step; at < end; at += 1) await oneConnection(place, at);
      while (place.listener.statistics().open > 0) await turn();
      // Handles are freed by callbacks of the loop, and what they held by the collection after.
      for (let round = 0; round < 3; round += 1) {
        await turn();
        collect();
      }
      sum += process.memoryUsage().heapUsed;
    }
    heap.push(sum / SAMPLES_PER_TENTH);
    onTenth(tenth + 1, sum / SAMPLES_PER_TENTH);
  }
  const seconds = (performance.now() - started) / 1_000;
  await place.close();
  await serving;
  for (let round = 0; round < 10; round += 1) await turn();
  return {
    count,
    heap,
    growth: (heap.at(-1) ?? 0) / (heap.at(1) ?? 1) - 1,
    sockets: [before, openSockets()],
    perSecond: count / seconds,
  };
}
