/**
 * The program that is run with thousands of seeds: clients that talk to one server over WebSockets, on a network that breaks whatever
 * can break, while that server may crash or shut down.
 *
 * What is checked is what a caller may rely on, whatever happens:
 *
 * - what arrives, on either side, is a beginning of what was sent: each message once, whole and in order;
 * - where it is not all of it, the end of the socket says so;
 * - a message that is read in parts has its end only when it is whole;
 * - what lies unread and unsent stays within the limits;
 * - after the shutdown no connection is open; and, as in every simulation, nothing waits and no timer is left.
 *
 * Only types are imported, so that scripts can run this file against the built package.
 */

import type { Simulation } from '@awaitio/core/testing';
import type * as Http from '../../src/index.ts';
import type * as WebSockets from '../../src/websocket/index.ts';

type Message = WebSockets.Message;
type WebSocket = WebSockets.WebSocket;

/** How a server sends a message back. */
export type SendBack = (socket: WebSocket, message: Message) => Promise<void>;

/** How a program of one run differs. */
export interface TalkOptions {
  /** In place of `send`: a server with a bug. */
  readonly sendBack?: SendBack | undefined;
  /** The network loses nothing: everything has to arrive. */
  readonly isLossless?: boolean | undefined;
  /** The server shuts down while its clients talk. */
  readonly drains?: boolean | undefined;
}

const LONGEST = 200_000;
const READ_AHEAD = 40_000;
/** What one read of a connection may add to the read-ahead, and one message. */
const SLACK = 400_000;

const show = (message: Message): string =>
  typeof message === 'string' ? message : `bytes ${Buffer.from(message).toString('latin1')}`;

/** Cuts a message, also between the halves of a character. */
function* piecesOf(message: Message, length: number): Generator<Message> {
  for (let at = 0; at < message.length; at += length) {
    yield typeof message === 'string'
      ? message.slice(at, at + length)
      : message.subarray(at, at + length);
  }
}

/** Makes the program of one run with the given package: its sources or its build. */
export function websocketProtocol(
  {
    http: { serve, HttpClient },
    websockets: { connectWebSocket, webSocket },
  }: { readonly http: typeof Http; readonly websockets: typeof WebSockets },
  { sendBack, isLossless = false, drains = false }: TalkOptions = {},
) {
  return async (sim: Simulation): Promise<void> => {
    const { clock, executor, random } = sim;
    const violations: string[] = [];
    const check = (isRight: boolean, what: string): void => {
      if (!isRight) violations.push(what);
    };
    const deadlines = {
      ping: 2_000,
      pong: 2_000,
      close: 2_000,
      writeStall: 2_000,
      writeWindow: 0,
    };
    const limits = {
      readAheadMessages: random.integer(1, 4),
      readAheadBytes: READ_AHEAD,
      messageBytes: 2 * LONGEST,
      fragments: 100_000,
      pendingSends: 16,
    };
    const drain = { window: random.integer(0, 500) };

    /** Receives the next message, whole or in parts. */
    const next = async (socket: WebSocket): Promise<Message | null> => {
      if (random.chance(0.6)) return socket.receive();
      const message = await socket.receiveStream();
      if (message === null) return null;
      const parts: Message[] = [];
      for await (const part of message) {
        check(part.length > 0, 'a part is empty');
        check(part.length <= READ_AHEAD + SLACK, 'a part is longer than may be held');
        parts.push(part);
        if (random.chance(0.1)) await clock.sleep(random.integer(1, 50));
      }
      return message.kind === 'text' ? parts.join('') : Buffer.concat(parts as Uint8Array[]);
    };

    /** Sends a message, whole or in fragments. */
    const send = async (socket: WebSocket, message: Message): Promise<void> => {
      if (message.length === 0 || random.chance(0.6)) return socket.send(message);
      const length = random.integer(Math.ceil(message.length / 20), message.length);
      return socket.sendStream(piecesOf(message, length));
    };

    const watch = (socket: WebSocket): void => {
      const { unread, pendingSends } = socket.statistics();
      check(unread <= 2 * limits.readAheadMessages, `${unread} messages lie unread`);
      check(pendingSends <= limits.pendingSends, `${pendingSends} messages wait`);
    };

    const listener = await sim.host('server').listen(80);
    const server = await serve(
      async (request, context) => {
        const socket = await webSocket(request, context, { deadlines, limits, drain });
        for (;;) {
          watch(socket);
          const message = await next(socket);
          if (message === null) break;
          await (sendBack ?? send)(socket, message);
        }
      },
      { listener, clock, executor, onError: () => {} },
    );

    const talk = async (name: string): Promise<void> => {
      const { connect } = sim.host(name);
      await using client = new HttpClient({
        connect,
        clock,
        random,
        deadlines: { headers: 5_000 },
      });
      let socket: WebSocket;
      try {
        const options = { client, clock, random, deadlines, limits, timeout: 9_000 };
        socket = await connectWebSocket('ws://server/', options);
      } catch {
        sim.log(`${name} was not opened`);
        return;
      }
      const messages = Array.from({ length: random.integer(1, 12) }, (_, index): Message => {
        const text = `${name} ${index} `.padEnd(random.integer(0, 3_000), '\u00e4\u{1f600}');
        if (random.chance(0.05)) return text.padEnd(LONGEST, '.');
        return random.chance(0.5) ? text : Buffer.from(text);
      });
      const sent = messages.map((message) =>
        // What is sent as text has whole characters only.
        show(typeof message === 'string' ? Buffer.from(message).toString() : message),
      );
      const received: string[] = [];
      const receiving = (async () => {
        for (let message = await next(socket); message !== null; message = await next(socket)) {
          watch(socket);
          received.push(show(message));
          if (received.length === messages.length) void socket.close(4_000, 'done');
        }
      })().catch(() => {});
      for (const message of messages) {
        // Two at once go in the order of the calls.
        const sending = send(socket, message).catch(() => {});
        if (random.chance(0.7)) await sending;
        if (random.chance(0.3)) await clock.sleep(random.integer(1, 500));
      }
      const end = await socket.closed;
      await receiving;
      const isBeginning = received.every((message, index) => message === sent[index]);
      check(isBeginning, `${name}: what came is not what was sent, in order`);
      const isDone = end.isClean && end.by === 'local';
      check(!isDone || received.length === sent.length, `${name}: some are missing at a clean end`);
      check(isDone || !isLossless || drains, `${name}: broken where nothing is lost`);
      check(end.isClean || !isLossless, `${name}: no goodbye where nothing is lost`);
      if (drains && end.isClean && end.by === 'peer') {
        check(end.code === 1001, `${name}: closed with ${end.code} by a server that shuts down`);
        sim.log(`${name} was sent away`);
      }
      sim.log(end.isClean ? `${name} clean` : `${name} broken`);
    };
    const talking = Promise.all(['client', 'other'].map(talk));
    if (drains) await clock.sleep(random.integer(1, 3_000));
    else await talking;
    const report = await server.shutdown({ grace: 10_000 });
    await talking;
    check(!isLossless || report.aborted.length === 0, 'a connection was aborted');
    if (violations.length > 0) throw new Error(violations.join('; '));
  };
}
