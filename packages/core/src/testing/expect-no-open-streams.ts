/** A check for the end of a test: which streams are still open, and what is waiting on them? */

import { checkOptions, rules, type OptionTable } from '../vocabulary/check.ts';
import type { Clock } from '../vocabulary/clock.ts';
import { systemClock } from '../waiting/system-clock.ts';
import { invalidInput, TimeoutError } from '../vocabulary/errors.ts';
import {
  forgetStream,
  isTrackingStreams,
  openStreams,
  type OpenStream,
} from '../streams/registry.ts';
import { ListedWaiter } from '../waiting/waiter.ts';

/** Options of {@link expectNoOpenStreams}. */
export interface OpenStreamsOptions {
  /** How long to wait for streams that are closing, in milliseconds. @default 1000 */
  readonly within?: number | undefined;
  /** @default the system's clock */
  readonly clock?: Clock | undefined;
}

const OPEN_STREAMS_OPTIONS: OptionTable<OpenStreamsOptions> = {
  within: rules.milliseconds,
  clock: rules.clock,
};

/** Streams are still open; the message lists them. */
export class OpenStreamsError extends Error {
  override name = 'OpenStreamsError';
  readonly streams: readonly OpenStream[];

  constructor(streams: readonly OpenStream[]) {
    super(describe(streams));
    this.streams = streams;
  }
}

/**
 * Fails when a stream that was opened since `trackStreams(true)` is still open.
 *
 * Waits for streams that are closing. Each stream is reported once, so that the next test is not blamed for it. The streams
 * stay open.
 *
 * @throws {@link OpenStreamsError} with a list of the streams: their kind, their state, and their pending waits with their
 * age; with `traceWaits(true)`, also the task and the call site of each wait. `InvalidInputError` when streams are not
 * tracked.
 *
 * @example
 * ```ts
 * import { memoryPair, traceWaits, trackStreams } from '@awaitio/core';
 * import { expectNoOpenStreams } from '@awaitio/core/testing';
 *
 * trackStreams(true);
 * traceWaits(true);
 * const [client, server] = memoryPair();
 * const reading = server.readLine();
 * try {
 *   await expectNoOpenStreams({ within: 10 });
 * } catch (error) {
 *   console.log(String(error)); // … 2 streams are open … waits in readLine for …
 * }
 * await client.close();
 * console.log(await reading); // null
 * await server.close();
 * await expectNoOpenStreams();
 * traceWaits(false);
 * trackStreams(false);
 * ```
 */
export async function expectNoOpenStreams(options?: OpenStreamsOptions): Promise<void> {
  if (options !== undefined) checkOptions('expectNoOpenStreams', options, OPEN_STREAMS_OPTIONS);
  const { within = 1_000, clock = systemClock } = options ?? {};
  if (!isTrackingStreams()) {
    throw invalidInput('expectNoOpenStreams', 'trackStreams', 'turned on beforehand', false);
  }
  const open = openStreams();
  if (open.length === 0) return;
  const wait = new ListedWaiter<void>('expectNoOpenStreams', clock, { timeout: within });
  void Promise.all(open.map(({ stream }) => stream.closed)).then(() => {
    wait.resolve();
  });
  try {
    await wait.promise;
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
  }
  const left = openStreams();
  if (left.length === 0) return;
  for (const { stream } of left) forgetStream(stream);
  throw new OpenStreamsError(left);
}

function describe(streams: readonly OpenStream[]): string {
  const head = streams.length === 1 ? '1 stream is open' : `${streams.length} streams are open`;
  return [`${head} that should be closed:`, ...streams.flatMap(describeStream)].join('\n');
}

function describeStream(open: OpenStream, index: number): string[] {
  const { kind, addresses, state, age, bytesRead, bytesWritten, buffered, unsent } = open;
  const name = addresses === undefined ? kind : `${kind} ${addresses}`;
  const lines = [
    `${index + 1}. ${name}: ${state}, for ${Math.round(age)} ms; bytes read ${bytesRead} (not taken ${buffered}), written ${bytesWritten} (unsent ${unsent})`,
  ];
  if (open.waits.length === 0) lines.push('   no pending wait');
  for (const { operation, age: waited, task, site } of open.waits) {
    const who = task === undefined ? 'a caller' : `task "${task}"`;
    lines.push(`   ${who} waits in ${operation} for ${Math.round(waited)} ms`);
    if (site !== undefined) lines.push(site);
  }
  if (open.site !== undefined) lines.push('   it was opened', open.site);
  return lines;
}
