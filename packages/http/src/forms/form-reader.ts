/** Joins the parser and the bytes of a body: one reader at a time, and a deadline for the whole. */

import { BusyError, type Clock, type Timer } from '@awaitio/core';
import { containResult, stderrSink } from '@awaitio/core/lowlevel';
import { MultipartError } from './multipart-error.ts';
import { MORE, type MultipartEvent, type MultipartParser } from './multipart-parser.ts';

/** Pieces of a body, and a way to give up the rest. */
export type Pieces = AsyncIterator<Uint8Array>;

/** How long a form may take. */
export interface FormDeadline {
  /** In milliseconds, from the first read; Infinity for no limit. */
  readonly timeout: number;
  readonly clock: Clock;
}

/** Reads pieces until a deadline; what the deadline interrupts is given up. */
export class DeadlineReader {
  readonly #pieces: Pieces;
  readonly #deadline: FormDeadline;
  #timer: Timer | undefined;
  #isLate = false;
  #isOver = false;
  #interrupt: (() => void) | undefined;

  constructor(pieces: Pieces, deadline: FormDeadline) {
    this.#pieces = pieces;
    this.#deadline = deadline;
  }

  get clock(): Clock {
    return this.#deadline.clock;
  }

  /** The next piece; `undefined` at the end. @throws {@link MultipartError} when the time is over */
  async read(): Promise<Uint8Array | undefined> {
    const { timeout, clock } = this.#deadline;
    if (this.#isLate) throw tooLate(timeout);
    if (timeout === Infinity) return valueOf(await this.#pieces.next());
    if (this.#timer === undefined) {
      this.#timer = clock.setTimer(() => {
        this.#isLate = true;
        this.#interrupt?.();
      }, timeout);
      this.#timer.unref();
    }
    return new Promise((resolve, reject) => {
      // Each read has a separate promise: one for all would keep what every read has left on it.
      // Not written where it is assigned: V8 would keep it, and what it refers to, until everything is collected.
      const interrupt = (): void => {
        reject(tooLate(timeout));
      };
      this.#interrupt = interrupt;
      this.#pieces.next().then((result) => {
        resolve(valueOf(result));
      }, reject);
    });
  }

  /**
   * Ends the reading, and gives up what was not read. It is not waited for: a read that is pending would be.
   *
   * @param isComplete - Whether the body was read to its end.
   */
  close(isComplete: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer?.cancel();
    if (isComplete) return;
    try {
      containResult('return', this.#pieces.return?.(), stderrSink);
    } catch (error) {
      stderrSink.onCallbackFailure(error, 'return');
    }
  }
}

function valueOf(result: IteratorResult<Uint8Array>): Uint8Array | undefined {
  return result.done === true ? undefined : result.value;
}

function tooLate(timeout: number): MultipartError {
  const detail = `the form did not arrive within ${timeout} ms (\`timeout\`)`;
  return new MultipartError('ERR_MULTIPART_TIMEOUT', detail, 'timeout');
}

/** The events of a form, pulled one by one. */
export class FormReader {
  readonly #parser: MultipartParser;
  readonly #source: DeadlineReader;
  #isBusy = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(parser: MultipartParser, source: DeadlineReader) {
    this.#parser = parser;
    this.#source = source;
  }

  get clock(): Clock {
    return this.#source.clock;
  }

  /** The next event. @throws what the parser or the body throws, and the same again from then on */
  async next(operation: string): Promise<MultipartEvent> {
    if (this.#isBusy) {
      throw new BusyError(`${operation}: another call reads this form; await it first`, {
        code: 'EBUSY',
        operation,
      });
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#isBusy = true;
    try {
      return await this.#pull();
    } catch (error) {
      this.#failure = { error };
      this.#source.close(false);
      throw error;
    } finally {
      this.#isBusy = false;
    }
  }

  async #pull(): Promise<MultipartEvent> {
    for (;;) {
      const event = this.#parser.next();
      if (event !== MORE) {
        if (event.type === 'end') this.#source.close(true);
        return event;
      }
      const piece = await this.#source.read();
      if (piece === undefined) this.#parser.end();
      else this.#parser.push(piece);
    }
  }

  /** Gives up the rest. */
  close(): void {
    this.#source.close(false);
  }
}
