/**
 * The parts of a form, one after another, while it arrives.
 *
 * A function of the request, and no method of it: a program that reads no forms loads nothing of this, and wrong arguments are refused at
 * once, which a method that loads this file on first use could not do.
 */

import { IoError, systemClock, type Clock } from '@awaitio/core';
import {
  budgetOf,
  checkOptions,
  invalidInput,
  rules,
  type OptionTable,
} from '@awaitio/core/lowlevel';
import { lotsOf } from '../message/body.ts';
import { HttpRequest } from '../message/request.ts';
import { formTypeOf } from './boundary.ts';
import { DeadlineReader, FormReader, type FormDeadline, type Pieces } from './form-reader.ts';
import { MultipartError, tooMuch } from './multipart-error.ts';
import { limitsOf, MULTIPART_LIMITS, type MultipartLimits } from './multipart-limits.ts';
import { MultipartParser } from './multipart-parser.ts';
import { partOf, type MultipartPart, type PartSource } from './part.ts';

/** Options of {@link multipart} and `formData`. */
export interface MultipartOptions {
  /** How much the form may hold. */
  readonly limits?:
    | { readonly [Name in keyof MultipartLimits]?: MultipartLimits[Name] | undefined }
    | undefined;
  /**
   * How long the form may take from the first read to its end, the program's own work between reads included, in milliseconds.
   * @default no limit beside the server's
   */
  readonly timeout?: number | undefined;
  /** The clock of `timeout`. @default the system's clock */
  readonly clock?: Clock | undefined;
}

/** What {@link MultipartOptions} may be. */
export const MULTIPART_OPTIONS: OptionTable<MultipartOptions> = {
  limits: rules.group(MULTIPART_LIMITS),
  timeout: rules.milliseconds,
  clock: rules.clock,
};

/** The parts of one form. Leaving the loop gives up the rest. */
class Parts implements AsyncIterableIterator<MultipartPart> {
  readonly #open: () => FormReader;
  readonly #source: PartSource;
  #reader: FormReader | undefined;
  #current: MultipartPart | undefined;
  #isOver = false;

  constructor(clock: Clock, open: () => FormReader) {
    this.#open = open;
    this.#source = { clock, nextPiece: (part, operation) => this.#nextPiece(part, operation) };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<MultipartPart, undefined>> {
    if (this.#isOver) return { done: true, value: undefined };
    try {
      this.#reader ??= this.#open();
    } catch (error) {
      this.#isOver = true;
      return budgetOf(this.#source.clock).fail(error);
    }
    for (;;) {
      const event = await this.#reader.next('next');
      this.#current = undefined;
      if (event.type === 'part') {
        this.#current = partOf(event.head, this.#source);
        return { done: false, value: this.#current };
      }
      if (event.type === 'end') {
        this.#isOver = true;
        return { done: true, value: undefined };
      }
    }
  }

  async return(): Promise<IteratorResult<MultipartPart, undefined>> {
    this.#isOver = true;
    this.#current = undefined;
    this.#reader?.close();
    return { done: true, value: undefined };
  }

  async #nextPiece(part: MultipartPart, operation: string): Promise<Uint8Array | undefined> {
    if (this.#current !== part || this.#reader === undefined) {
      return budgetOf(this.#source.clock).fail(partGone(operation));
    }
    const event = await this.#reader.next(operation);
    return event.type === 'data' ? event.bytes : undefined;
  }
}

function partGone(operation: string): IoError {
  return new IoError(
    `${operation}: the next part was asked for, or the form was given up; read a part before that`,
    { code: 'ERR_PART_GONE', operation },
  );
}

/** The body of a message that may be a form. */
export interface FormMessage {
  /** Every `Content-Type` field. */
  readonly types: readonly string[];
  /** The announced length, if there is one. */
  readonly length: number | undefined;
  /** Begins to read the body. */
  readonly open: () => Pieces;
}

/** Options with every default. */
export interface FormSettings extends FormDeadline {
  readonly limits: MultipartLimits;
}

export function settingsOf(options: MultipartOptions | undefined): FormSettings {
  const { timeout = Infinity, clock = systemClock } = options ?? {};
  return { limits: limitsOf(options?.limits), timeout, clock };
}

/** The parts of a message that has to be `multipart/form-data`. */
export function partsOf(
  message: FormMessage,
  settings: FormSettings,
): AsyncIterableIterator<MultipartPart> {
  return new Parts(settings.clock, () => {
    const form = formTypeOf(message.types);
    if (form.type !== 'multipart/form-data') {
      throw new MultipartError('ERR_FORM_TYPE', 'the body is no multipart/form-data');
    }
    const { limits } = settings;
    checkLength(message.length, limits.bodyBytes);
    const source = new DeadlineReader(message.open(), settings);
    return new FormReader(new MultipartParser(form.boundary, limits), source);
  });
}

/** The message that a handler's request is. @throws `InvalidInputError` for something else */
export function messageOf(operation: string, request: HttpRequest): FormMessage {
  if (!(request instanceof HttpRequest)) {
    throw invalidInput(operation, 'request', 'the HttpRequest of the handler', request);
  }
  return {
    types: request.headers.getAll('content-type'),
    length: request.body.length,
    open: () => lotsOf(request.body),
  };
}

/**
 * The parts of a `multipart/form-data` request, one after another, while it arrives (RFC 7578, RFC 2046 section 5.1).
 *
 * A part that is not read, or not to its end, is skipped when the next one is asked for. Leaving the loop gives up the rest: the
 * server drops it. Nothing is kept but the beginning of what may be a delimiter, so a part may be larger than memory.
 *
 * Where readers disagree this one refuses: bare LF, a boundary that goes on, two parameters of one name, `filename*` alone, a
 * `Content-Transfer-Encoding`.
 *
 * @param request - The handler's request; its body is read, and must not have been.
 * @param options - See {@link MultipartOptions}.
 * @returns An iterator; its errors come from `next`, and from the part that is being read.
 * @throws `InvalidInputError` for wrong arguments. From the iterator: {@link MultipartError} 415 when the request is no such form,
 * 400 when it is malformed or ends too early, 413 above a limit, 408 after `timeout`; `BusyError` while another call reads;
 * the errors of the body.
 *
 * @example
 * ```ts
 * import { HttpResponse, serve } from '@awaitio/http';
 * import { multipart } from '@awaitio/http/batteries';
 *
 * const server = await serve(async (request) => {
 *   const sizes: string[] = [];
 *   for await (const part of multipart(request, { limits: { parts: 10, partBytes: 1_000_000 } })) {
 *     let size = 0;
 *     for await (const piece of part.body) size += piece.length;
 *     sizes.push(`${part.name}=${part.filename ?? 'field'}:${size}`);
 *   }
 *   return HttpResponse.text(sizes.join(' '));
 * }, { port: 0 });
 * const body = new FormData();
 * body.set('note', 'hello');
 * body.set('file', new File(['12345'], 'five.txt'));
 * console.log(await (await fetch(server.url, { method: 'POST', body })).text()); // note=field:5 file=five.txt:5
 * await server.shutdown();
 * ```
 */
export function multipart(
  request: HttpRequest,
  options?: MultipartOptions,
): AsyncIterableIterator<MultipartPart> {
  const message = messageOf('multipart', request);
  if (options !== undefined) checkOptions('multipart', options, MULTIPART_OPTIONS);
  return partsOf(message, settingsOf(options));
}

/** @throws {@link MultipartError} for an announced length above the limit: nothing of it is read */
export function checkLength(length: number | undefined, limit: number): void {
  if ((length ?? 0) > limit) throw tooMuch('the body has more bytes', 'bodyBytes', limit);
}
