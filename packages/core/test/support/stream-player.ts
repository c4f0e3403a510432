/**
 * Plays a script on a connected pair of streams, and expects of every step what the contract promises.
 *
 * The player never waits for a step: it begins it and goes on, so that calls overlap as those of many tasks do. What the
 * outcome of each call may be follows from what was done before it settled: only a call with a signal may give that
 * signal's reason, only a stream that was closed here may give ClosedError, and so on. Reads are looked at in the order
 * they began, which is the order in which they take bytes, since one at a time may.
 */

import { getEventListeners, setMaxListeners } from 'node:events';
import {
  BrokenError,
  BusyError,
  ClosedError,
  Interest,
  LimitError,
  TimeoutError,
  UnexpectedEofError,
  WOULD_BLOCK,
  type ByteStream,
} from '../../src/index.ts';
import type { Pair } from './carriers.ts';
import { bytesFrom, Flow } from './stream-flow.ts';
import { SIGNALS, type End, type GiveUp, type Step } from './stream-script.ts';

/** How often the player lets a millisecond pass for a call that has to settle. */
const MAX_TURNS = 5_000;

type Settled<T> = { readonly value: T } | { readonly error: unknown };

/** One end: its stream, what it writes, and what it is sent. */
interface Side {
  readonly stream: ByteStream;
  readonly sent: Flow;
  readonly received: Flow;
  /** The reads that have begun, looked at in their order. */
  reads: Promise<void>;
  /** Reads, and writes, that have begun and were not seen to settle. */
  reading: number;
  writing: number;
  isClosed: boolean;
  isReset: boolean;
  isReadShut: boolean;
  isWriteShut: boolean;
}

/** How the player lets time pass. */
export type Pass = (time: number) => Promise<void>;

export class Player {
  readonly #sides: readonly [Side, Side];
  readonly #pass: Pass;
  readonly #controllers = Array.from({ length: SIGNALS }, newController);
  /** Everything begun; each promise is fulfilled when its outcome was as it may be. */
  readonly #checks: Promise<void>[] = [];
  readonly #reasons = new Set<unknown>();
  #isFinishing = false;

  constructor([first, second]: Pair, pass: Pass) {
    this.#pass = pass;
    const there = new Flow();
    const back = new Flow();
    const rest = {
      reads: Promise.resolve(),
      reading: 0,
      writing: 0,
      isClosed: false,
      isReset: false,
      isReadShut: false,
      isWriteShut: false,
    };
    this.#sides = [
      { stream: first, sent: there, received: back, ...rest },
      { stream: second, sent: back, received: there, ...rest },
    ];
  }

  async play(script: readonly Step[]): Promise<void> {
    for (const step of script) {
      await this.#take(step);
      for (const { signal } of this.#controllers) {
        const listeners = getEventListeners(signal, 'abort').length;
        if (listeners > 1) throw new Error(`${listeners} listeners on one signal`);
      }
    }
  }

  /** Reads everything until the end or an error, and expects nothing to be left. */
  async finish(): Promise<void> {
    this.#isFinishing = true;
    const isGraceful = this.#sides.every(({ isClosed, isReset }) => !isClosed && !isReset);
    if (isGraceful) await Promise.all(this.#sides.map((side) => this.#finishSide(side)));
    else for (const { stream } of this.#sides) stream.reset();
    let isSettled = false;
    const everything = Promise.all([
      ...this.#checks,
      ...this.#sides.map(({ stream }) => stream.closed),
    ]);
    void quiet(everything.finally(() => (isSettled = true)));
    await this.#until(() => isSettled, 'something');
    await everything;
    for (const { stream, received } of this.#sides) {
      const { waits } = stream.statistics();
      if (waits.length > 0) throw new Error(`${waits[0]?.operation} waits after the end`);
      if (isGraceful && !received.isCut && received.taken !== received.accepted) {
        throw new Error(`${received.taken} bytes came of ${received.accepted} written`);
      }
      const { how, error } = await stream.closed;
      if (isGraceful && how !== 'eof' && how !== 'shutdown') {
        throw new Error(`a graceful connection ended with "${how}"`, { cause: error });
      }
    }
  }

  /** Resets both ends, also after a failure. */
  release(): void {
    for (const { stream } of this.#sides) stream.reset();
  }

  async #finishSide(side: Side): Promise<void> {
    const finishWriting = async (): Promise<void> => {
      await this.#until(() => side.writing === 0, 'a write');
      await side.stream.shutdown('write');
    };
    const finishReading = async (): Promise<void> => {
      await this.#until(() => side.reading === 0, 'a read');
      await side.reads;
      for await (const chunk of side.stream) side.received.take(chunk);
    };
    await Promise.all([finishWriting(), finishReading()]);
  }

  async #until(condition: () => boolean, what: string): Promise<void> {
    for (let turn = 0; !condition(); turn += 1) {
      if (turn === MAX_TURNS) throw new Error(`${what} never settles`);
      await this.#pass(1);
    }
  }

  async #take(step: Step): Promise<void> {
    switch (step.do) {
      case 'write':
        this.#write(this.#sides[step.end], step);
        return;
      case 'read':
        this.#read(this.#sides[step.end], step);
        return;
      case 'peek':
        this.#peek(this.#sides[step.end], step.size);
        return;
      case 'wait':
        this.#wait(this.#sides[step.end], step);
        return;
      case 'pass':
        await this.#pass(step.time);
        return;
      case 'abort':
        this.#abort(step.signal);
        return;
      case 'shutdown':
        this.#shutdown(step);
        return;
      case 'close':
      case 'reset':
        this.#breakOff(step.end, step.do);
    }
  }

  // --- Steps ---------------------------------------------------------------------------------------------------

  #write(side: Side, { via, size, transfer, giveUp }: Extract<Step, { do: 'write' }>): void {
    const { stream } = side;
    const { place, progress } = side.sent.begin();
    const data = bytesFrom(place, size);
    if (via === 'tryWrite') {
      this.#now(side, giveUp, () => {
        const count = stream.tryWrite(data, { transfer });
        if (count !== WOULD_BLOCK) progress.accepted = count;
      });
      if (!transfer) data.fill(0);
      return;
    }
    const options = { ...this.#options(giveUp), transfer, progress };
    const call: () => Promise<unknown> = {
      write: () => stream.write(data, options),
      writeAll: () => stream.writeAll(data, options),
      writev: () => stream.writev([data.subarray(0, size >> 1), data.subarray(size >> 1)], options),
    }[via];
    side.writing += 1;
    this.#check(call(), side, giveUp, async (outcome) => {
      side.writing -= 1;
      if ('value' in outcome && via !== 'write' && progress.accepted !== size) {
        throw new Error(`${via} accepted ${progress.accepted} of ${size} bytes`);
      }
    });
  }

  #read(side: Side, { via, size, giveUp }: Extract<Step, { do: 'read' }>): void {
    const { stream, received } = side;
    if (via === 'tryRead') {
      const buffer = new Uint8Array(size);
      this.#now(side, giveUp, () => {
        const count = stream.tryRead(buffer);
        if (typeof count === 'number')
          this.#later(side, () => received.take(buffer.subarray(0, count)));
      });
      return;
    }
    const options = this.#options(giveUp);
    const buffer = new Uint8Array(size);
    const calls = {
      read: async () => {
        const count = await stream.read(buffer, options);
        return count === null ? null : buffer.subarray(0, count);
      },
      readChunk: () => stream.readChunk(options),
      readWith: async () => {
        let lent = new Uint8Array(0);
        const count = await stream.readWith((view) => {
          lent = Uint8Array.from(view.subarray(0, size));
          return lent.length;
        }, options);
        return count === null ? null : lent;
      },
      readExactly: () => stream.readExactly(size, options),
      readUntil: () => stream.readUntil('\n', { ...options, limit: size + 1 }),
      readLine: () => stream.readLine(options),
      iterate: async () => {
        for await (const chunk of stream) return chunk;
        return null;
      },
    };
    side.reading += 1;
    const outcome = settled<Uint8Array | string | null>(calls[via]());
    side.reads = side.reads.then(async () => {
      const result = await outcome;
      side.reading -= 1;
      if ('error' in result) return;
      const { value } = result;
      if (value === null) {
        this.#expectEnd(side);
      } else if (typeof value === 'string') {
        received.takeLine(value, this.#hasEnded(side));
      } else {
        received.take(value);
        if (via === 'readExactly' && value.length !== size)
          throw new Error('readExactly is not exact');
      }
    });
    this.#checks.push(quiet(side.reads));
    this.#check(outcome.then(unwrap), side, via === 'iterate' ? {} : giveUp, async () => {});
  }

  #peek(side: Side, size: number): void {
    this.#now(side, {}, () => {
      const bytes = side.stream.peek(size);
      // While the result of a read has not been checked yet, the position of the next byte is unknown.
      if (bytes instanceof Uint8Array && side.reading === 0) {
        this.#later(side, () => side.received.compare(bytes), true);
      }
    });
  }

  #wait(side: Side, { via, giveUp }: Extract<Step, { do: 'wait' }>): void {
    const options = this.#options(giveUp);
    const call: Promise<unknown> =
      via === 'ready'
        ? side.stream.ready(Interest.READABLE | Interest.WRITABLE, options)
        : side.stream[via](options);
    this.#check(call, side, giveUp, async () => {});
  }

  #abort(which: number): void {
    const reason = { abort: this.#reasons.size };
    this.#reasons.add(reason);
    this.#controllers[which]?.abort(reason);
    this.#controllers[which] = newController();
  }

  #shutdown({ end, how, giveUp }: Extract<Step, { do: 'shutdown' }>): void {
    const side = this.#sides[end];
    if (how === 'write') {
      side.isWriteShut = true;
    } else {
      side.isReadShut = true;
      side.received.isCut = true;
    }
    this.#check(side.stream.shutdown(how, this.#options(giveUp)), side, giveUp, async () => {});
  }

  #breakOff(end: End, how: 'close' | 'reset'): void {
    const side = this.#sides[end];
    for (const { received } of this.#sides) received.isCut = true;
    if (how === 'reset') {
      side.isReset = true;
      side.stream.reset();
    } else {
      side.isClosed = true;
      this.#checks.push(quiet(side.stream.close({ linger: 5 })));
    }
  }

  // --- Outcomes ------------------------------------------------------------------------------------------------

  #options({ signal, timeout }: GiveUp): {
    signal?: AbortSignal | undefined;
    timeout?: number | undefined;
  } {
    return {
      signal: signal === undefined ? undefined : this.#controllers[signal]?.signal,
      timeout,
    };
  }

  /** A call that does not wait. */
  #now(side: Side, giveUp: GiveUp, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#explain(error, side, giveUp);
    }
  }

  /** Looks at bytes after everything that was read before them. */
  #later(side: Side, look: () => void, onlyIfQuiet = false): void {
    side.reads = side.reads.then(() => {
      if (!onlyIfQuiet || side.reading === 0) look();
    });
    this.#checks.push(quiet(side.reads));
  }

  #check<T>(
    call: Promise<T>,
    side: Side,
    giveUp: GiveUp,
    look: (outcome: Settled<T>) => Promise<void>,
  ): void {
    const check = async (): Promise<void> => {
      const outcome = await settled(call);
      await look(outcome);
      if ('error' in outcome) this.#explain(outcome.error, side, giveUp);
    };
    this.#checks.push(quiet(check()));
  }

  #hasEnded(side: Side): boolean {
    const peer = this.#peerOf(side);
    return (
      side.isReadShut || peer.isWriteShut || peer.isClosed || peer.isReset || this.#isFinishing
    );
  }

  #expectEnd(side: Side): void {
    if (!this.#hasEnded(side)) throw new Error('the end of a stream that was not ended');
  }

  #peerOf(side: Side): Side {
    return side === this.#sides[0] ? this.#sides[1] : this.#sides[0];
  }

  /** Throws unless something was done that this error may follow from. */
  #explain(error: unknown, side: Side, { signal, timeout }: GiveUp): void {
    const peer = this.#peerOf(side);
    const isOver = side.isClosed || side.isReset;
    const isExplained =
      (signal !== undefined && this.#reasons.has(error)) ||
      (timeout !== undefined && error instanceof TimeoutError) ||
      error instanceof BusyError ||
      error instanceof LimitError ||
      (error instanceof ClosedError && (isOver || side.isWriteShut || this.#isFinishing)) ||
      (error instanceof UnexpectedEofError && this.#hasEnded(side)) ||
      (error instanceof BrokenError && (peer.isReset || peer.isClosed || this.#isFinishing));
    if (!isExplained)
      throw new Error(`an error out of nowhere: ${String(error)}`, { cause: error });
  }
}

function newController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

/** A promise whose failure is looked at later. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

function settled<T>(call: Promise<T>): Promise<Settled<T>> {
  return call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

function unwrap<T>(outcome: Settled<T>): T {
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}
