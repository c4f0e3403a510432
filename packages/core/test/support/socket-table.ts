/** What happens to a socket, event by event, for tables that hold a socket of Node beside ours: `socket-rows.ts` has the rows. */
import type { Socket } from 'node:net';
import { expect } from '@jest/globals';

export type Log = string[];
/** What is done with a socket and its peer. */
export type Act = (socket: Socket, peer: Socket, log: Log, turn: () => Promise<void>) => unknown;

/** Where sockets come from. */
export interface Place {
  /** Both ends of a new connection; the peer may be half open. */
  open(allowHalfOpen: boolean): Promise<readonly [socket: Socket, peer: Socket]>;
  /** Waits for one turn of the loop, or some time where there is no loop. */
  turn(): Promise<void>;
}

export interface Row {
  readonly act: Act;
  /** What happens by default, and with `allowHalfOpen: true`, which is the same where it is not said. */
  readonly events: string;
  readonly halfOpen?: string;
  /** All that the peer gets, where that is the same. */
  readonly peer?: string;
}

/** Where bytes come before the end: what happens where they are got, thrown away, and left. */
export interface BytesRow {
  readonly act: Act;
  readonly got: string;
  readonly left: string;
  readonly halfGot?: string;
}

/** An act that reads by itself. */
export type ReadRow = Pick<Row, 'act' | 'events'>;

const READERS = {
  'it is not read': () => {},
  'it flows': (socket, log) => socket.on('data', (data) => log.push(`data ${String(data)}`)),
  'it is paused': (socket) => socket.pause(),
  'it is read by read()': (socket, log) =>
    socket.on('readable', () => {
      for (let data = socket.read(); data !== null; data = socket.read()) {
        log.push(`data ${String(data)}`);
      }
    }),
  'it is resumed': (socket) => socket.resume(),
} satisfies Record<string, (socket: Socket, log: Log) => unknown>;

type Reader = keyof typeof READERS;
const readers = Object.keys(READERS) as Reader[];
const isGot = (reader: Reader): boolean => /flows|read\(\)/.test(reader);
const isIdle = (reader: Reader): boolean => /not read|paused/.test(reader);

export const codeOf = (error: Error | null | undefined): string =>
  error === null || error === undefined ? 'well' : String((error as NodeJS.ErrnoException).code);

/** What happened, once it is what is expected and nothing more has come in some turns. */
async function settled(log: Log, expected: string, turn: () => Promise<void>): Promise<string> {
  // What differs will not become the same.
  while (log.join(', ') !== expected && expected.startsWith(log.join(', '))) await turn();
  for (let count = 0; count < 5; count += 1) await turn();
  return log.join(', ');
}

/** Runs an act, and returns what happened at both ends. */
export async function happens(
  { open, turn }: Place,
  reader: Reader,
  allowHalfOpen: boolean,
  act: Act,
  expected: { events: string; peer?: string | undefined },
): Promise<{ events: string; peer: string | undefined }> {
  const [socket, peer] = await open(allowHalfOpen);
  const got: Log = [];
  peer.on('data', (data) => got.push(String(data)));
  peer.on('end', () => got.push('end')).on('error', () => {});
  const log: Log = [];
  READERS[reader](socket, log);
  for (const name of ['end', 'finish']) socket.on(name, () => log.push(name));
  socket.on('error', (error) => log.push(`error ${codeOf(error)}`));
  socket.on('close', (hasFailed) => log.push(`close ${hasFailed}`));
  await act(socket, peer, log, turn);
  const events = await settled(log, expected.events, turn);
  const atPeer = expected.peer === undefined ? undefined : await settled(got, expected.peer, turn);
  socket.destroy();
  peer.destroy();
  return { events, peer: atPeer };
}

export async function expectRow(place: Place, row: Row): Promise<void> {
  const { act, events, halfOpen = events, peer } = row;
  for (const reader of readers) {
    for (const isHalfOpen of [false, true]) {
      const expected = { events: isHalfOpen ? halfOpen : events, peer };
      const got = await happens(place, reader, isHalfOpen, act, expected);
      expect({ reader, isHalfOpen, ...got }).toEqual({ reader, isHalfOpen, ...expected });
    }
  }
}

export async function expectBytes(place: Place, row: BytesRow): Promise<void> {
  const { act, got, left, halfGot = got } = row;
  for (const reader of readers) {
    for (const isHalfOpen of [false, true]) {
      const rest = isIdle(reader) ? left : isHalfOpen ? halfGot : got;
      const events = isGot(reader) ? `data bye, ${rest}` : rest;
      const { events: seen } = await happens(place, reader, isHalfOpen, act, { events });
      expect({ reader, isHalfOpen, seen }).toEqual({ reader, isHalfOpen, seen: events });
    }
  }
}

export async function expectReads(place: Place, { act, events }: ReadRow): Promise<void> {
  const got = await happens(place, 'it is not read', false, act, { events });
  expect(got.events).toBe(events);
}
