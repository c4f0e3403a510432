/** Server-Sent Events, as the HTML standard parses them (section 9.2.6). Loaded with the first one. */

import { LimitError } from '@awaitio/core';
import { LineSplitter } from './line-splitter.ts';

/** One event of `text/event-stream`. */
export interface ServerSentEvent {
  /** Its name. @default 'message' */
  readonly event: string;
  /** Its lines, joined by LF. */
  readonly data: string;
  /** The last `id` up to here; empty for none. */
  readonly id: string;
  /** The last `retry` up to here: milliseconds to wait before a reconnection. */
  readonly retry: number | undefined;
}

/** Where a stream of events is: what its next connection begins with. */
export interface EventPosition {
  /** Of the last event; empty for none. */
  id: string;
  /** Milliseconds to wait before a reconnection. */
  retry: number | undefined;
}

/**
 * Parses a stream of events. One that the end cuts short is dropped.
 *
 * @param limit - The most characters of one event, and of one line.
 * @param position - Where the stream goes on; it is brought up to date, also by what is no event.
 * @throws `LimitError`; what the pieces throw
 */
export async function* eventsOf(
  pieces: AsyncIterable<Uint8Array>,
  limit: number,
  position: EventPosition = { id: '', retry: undefined },
): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  const splitter = new LineSplitter(true);
  const parser = new EventParser(position);
  for await (const piece of pieces) {
    for (const line of splitter.push(decoder.decode(piece, { stream: true }))) {
      const event = parser.push(line);
      if (parser.size > limit) throw tooLong(limit);
      if (event !== undefined) yield event;
    }
    if (parser.size + splitter.rest.length > limit) throw tooLong(limit);
  }
}

class EventParser {
  /** How many characters the event has so far. */
  size = 0;
  #event = '';
  #data: string[] = [];
  #id: string;
  readonly #position: EventPosition;

  constructor(position: EventPosition) {
    this.#position = position;
    this.#id = position.id;
  }

  /** Takes a line. @returns the event that it ends */
  push(line: string): ServerSentEvent | undefined {
    if (line === '') return this.#end();
    const colon = line.indexOf(':');
    // A comment, of which nothing is kept: some servers send one each few seconds, and no blank line.
    if (colon === 0) return undefined;
    this.size += line.length;
    const name = colon === -1 ? line : line.slice(0, colon);
    const space = line.charAt(colon + 1) === ' ' ? 2 : 1;
    this.#take(name, colon === -1 ? '' : line.slice(colon + space));
    return undefined;
  }

  #take(name: string, value: string): void {
    if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#event = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
    else if (name === 'retry' && /^\d{1,15}$/.test(value)) this.#position.retry = Number(value);
  }

  #end(): ServerSentEvent | undefined {
    const event = this.#event === '' ? 'message' : this.#event;
    const data = this.#data;
    this.#event = '';
    this.#data = [];
    this.size = 0;
    this.#position.id = this.#id;
    if (data.length === 0) return undefined;
    return { event, data: data.join('\n'), id: this.#id, retry: this.#position.retry };
  }
}

function tooLong(limit: number): LimitError {
  return new LimitError(
    `events: an event is longer than ${limit} characters; raise \`limit\` if it is to`,
    { code: 'ERR_HTTP_EVENT_TOO_LONG', operation: 'events', limitName: 'limit', limit },
  );
}
