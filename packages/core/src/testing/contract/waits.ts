/**
 * Every call of a stream that may wait, as data: contracts that hold for all of them are checked for each.
 *
 * A reading wait is pending while no bytes (or too few) have arrived; a writing wait while the carrier is full.
 */

import type { ByteStream } from '../../streams/byte-stream.ts';
import { Interest } from '../../vocabulary/interest.ts';
import type { WriteOptions } from '../../streams/stream-writer.ts';

/** One call that may wait. */
export interface WaitingCall {
  /** Its name in `statistics().waits` and errors. */
  readonly operation: string;
  /** A name that distinguishes it from others of the same operation. */
  readonly name: string;
  /** Whether a second one at the same time fails with `BusyError`. */
  readonly isExclusive: boolean;
  readonly start: (stream: ByteStream, options?: WriteOptions) => Promise<unknown>;
}

const call = (
  operation: string,
  isExclusive: boolean,
  start: WaitingCall['start'],
  name = operation,
): WaitingCall => ({ operation, name, isExclusive, start });

/** More bytes than any check sends. */
const MORE = 1_000;

/** Reading calls that the first byte settles. */
export const FIRST_BYTE_READS: readonly WaitingCall[] = [
  call('read', true, (stream, options) => stream.read(new Uint8Array(16), options)),
  call('readWith', true, (stream, options) => stream.readWith((view) => view.length, options)),
  call('readChunk', true, (stream, options) => stream.readChunk(options)),
];

/** Reading calls that need more than a check sends at first. */
export const COLLECTING_READS: readonly WaitingCall[] = [
  call('readExactly', true, (stream, options) => stream.readExactly(MORE, options)),
  call('readUntil', true, (stream, options) => stream.readUntil('\n', options)),
  call('readLine', true, (stream, options) => stream.readLine(options)),
];

/** Waits for something to read; not exclusive. */
export const READ_READINESS: readonly WaitingCall[] = [
  call('readable', false, (stream, options) => stream.readable(options)),
  call(
    'ready',
    false,
    (stream, options) => stream.ready(Interest.READABLE, options),
    'ready(READABLE)',
  ),
];

/** Waits for the end of reading; not exclusive. */
export const READ_CLOSED: WaitingCall = call('readClosed', false, (stream, options) =>
  stream.readClosed(options),
);

/** Every wait that is settled by bytes or by the end of reading. */
export const READ_WAITS: readonly WaitingCall[] = [
  ...READ_READINESS,
  ...FIRST_BYTE_READS,
  ...COLLECTING_READS,
  READ_CLOSED,
];

/** Writing calls that wait while the carrier is full. */
export const WRITES: readonly WaitingCall[] = [
  call('write', true, (stream, options) => stream.write('wxyz', options)),
  call('writeAll', true, (stream, options) => stream.writeAll('wxyz', options)),
  call('writev', true, (stream, options) =>
    stream.writev([new Uint8Array(2), new Uint8Array(2)], options),
  ),
];

/** Waits for room; not exclusive. */
export const WRITE_READINESS: readonly WaitingCall[] = [
  call('writable', false, (stream, options) => stream.writable(options)),
  call(
    'ready',
    false,
    (stream, options) => stream.ready(Interest.WRITABLE, options),
    'ready(WRITABLE)',
  ),
  call('flush', false, (stream, options) => stream.flush(options)),
];

/** Every wait that is settled by room. */
export const WRITE_WAITS: readonly WaitingCall[] = [...WRITE_READINESS, ...WRITES];

/** Waits for bytes or room, on a stream with neither. */
export const READY_FOR_BOTH: WaitingCall = call(
  'ready',
  false,
  (stream, options) => stream.ready(Interest.READABLE | Interest.WRITABLE, options),
  'ready(READABLE | WRITABLE)',
);

/** Waits until FIN is sent: pending while the carrier is full. */
export const SHUTDOWN: WaitingCall = call('shutdown', false, (stream, options) =>
  stream.shutdown('write', options),
);
