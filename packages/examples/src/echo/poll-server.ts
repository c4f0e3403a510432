/**
 * The echo server in the polling model: one loop that asks a `Poll` which sources are ready, and serves those.
 *
 * It answers with the same bytes as server.ts. What differs is who keeps the place: there a task stands still at an
 * `await`; here every connection is an object that remembers where it was (poll-connection.ts). The connection itself is
 * the token of its events, so there is no table from numbers to connections that could go stale.
 *
 * Read first: server.ts; then `run`, and poll-connection.ts.
 */

import { Interest, Poll, WOULD_BLOCK } from '@awaitio/core';
import type { TcpListener, TcpStream, WouldBlock } from '@awaitio/core';
import { PollConnection } from './poll-connection.ts';
import {
  interruption,
  listen,
  messageOf,
  readArguments,
  sayCut,
  sayFinishing,
} from '../support/program.ts';

/** How long a connection may do nothing before it is closed, in milliseconds. */
const IDLE_TIMEOUT = 15_000;
/** How long a shutdown waits for the answers under way, in milliseconds. */
const GRACE = 5_000;

const given = readArguments({
  command: 'example poll-server',
  role: 'listens',
});

const LISTENER = Symbol('the listener');
const poll = new Poll<PollConnection | typeof LISTENER>();
/** When each connection last moved; the one that has been still for longest comes first. */
const lastMoved = new Map<PollConnection, number>();

function acceptAll(listener: TcpListener): void {
  for (;;) {
    const stream = tryAccept(listener);
    if (stream === WOULD_BLOCK) return;
    console.log(`Accepted connection from: ${String(stream.remoteAddress)}`);
    const connection = new PollConnection(stream);
    lastMoved.set(connection, performance.now());
    poll.register(stream, connection, connection.interest);
  }
}

function tryAccept(listener: TcpListener): TcpStream | WouldBlock {
  try {
    return listener.tryAccept();
  } catch (error) {
    // Out of descriptors, perhaps. Open connections are still served.
    console.error(`Cannot accept: ${messageOf(error)}`);
    return WOULD_BLOCK;
  }
}

function advance(connection: PollConnection): void {
  connection.advance();
  // Taken out and put back, so that the order of the map is the order of the moves.
  lastMoved.delete(connection);
  if (connection.isOver) forget(connection);
  else {
    lastMoved.set(connection, performance.now());
    poll.reregister(connection.stream, connection, connection.interest);
  }
}

function forget(connection: PollConnection): void {
  poll.unregister(connection.stream);
  lastMoved.delete(connection);
  console.log('Connection closed');
}

/** How long the poll may wait: until the connection that has been still for longest has to go. */
function timeLeft(): number {
  const [oldest = Infinity] = lastMoved.values();
  return Math.max(0, oldest + IDLE_TIMEOUT - performance.now());
}

/** Closes the connections that `isChosen` says; how many. */
function closeWhere(isChosen: (connection: PollConnection, moved: number) => boolean): number {
  let count = 0;
  for (const [connection, moved] of lastMoved) {
    if (!isChosen(connection, moved)) continue;
    connection.end();
    forget(connection);
    count += 1;
  }
  return count;
}

async function run(listener: TcpListener, signal: AbortSignal): Promise<void> {
  signal.addEventListener('abort', () => {
    poll.wake();
  });
  let deadline = Infinity;
  for (;;) {
    const timeout = Math.min(timeLeft(), deadline - performance.now());
    const events = await poll.poll({ timeout: Math.max(0, timeout) });
    for (const { token } of events) {
      if (token === LISTENER) acceptAll(listener);
      else if (!token.isOver) advance(token);
    }
    const now = performance.now();
    closeWhere((_, moved) => now - moved >= IDLE_TIMEOUT);
    if (!signal.aborted) continue;
    // Ctrl-C has closed the listener. Idle connections close now; answers under way are finished.
    closeWhere((connection) => connection.isIdle);
    if (deadline === Infinity) {
      deadline = now + GRACE;
      sayFinishing(lastMoved.size, GRACE);
    }
    sayCut(closeWhere(() => now >= deadline));
    for (const connection of lastMoved.keys()) connection.isLastAnswer = true;
    if (lastMoved.size === 0) return;
  }
}

const signal = interruption();
const listener = await listen(
  given,
  (address) => `curl -d "name=WasmEdge" -X POST http://${address}`,
  signal,
);
poll.register(listener, LISTENER, Interest.READABLE);
await run(listener, signal);
