/**
 * Events as text (WHATWG HTML, section 9.2.5): one field a line, a blank line at the end of each event.
 *
 * A line ends with CR, LF or both, and nothing in the format escapes them. So data is split at each of them and sent as
 * several fields, which the client joins with LF again; in a name or an id they would begin another field, and are refused.
 */

import { invalidInput } from '@awaitio/core/lowlevel';

/** An event of an event stream. */
export interface ServerSentEvent {
  /**
   * What `event.data` is in the client; lines may end with CR, LF or both, and do with LF there. Without data the client
   * dispatches nothing, and keeps `id` and `retry`. @default none
   */
  readonly data?: string | undefined;
  /** The type of the event, without line breaks. @default 'message' */
  readonly event?: string | undefined;
  /**
   * What the client says as `Last-Event-ID` when it connects again; empty for no id any more. Without line breaks and
   * NUL. @default the one before
   */
  readonly id?: string | undefined;
  /** How long the client waits before it connects again, from now on, in whole milliseconds from 0. @default as before */
  readonly retry?: number | undefined;
  /** What the client ignores; shown by `curl`. @default none */
  readonly comment?: string | undefined;
}

/** The end of a line: CR LF is one. */
const LINE_END = /\r\n|\r|\n/;
const NAMES: ReadonlySet<string> = new Set(['data', 'event', 'id', 'retry', 'comment']);

/** A comment without text: what keeps a connection in use. */
export const HEARTBEAT = ':\n\n';

/**
 * Writes an event.
 *
 * @param event - The event, or its data alone.
 * @throws `InvalidInputError` for what is neither, an unknown field, or a field that cannot be sent.
 */
export function writeEvent(event: unknown): string {
  if (typeof event === 'string') return `${lines('data', event)}\n`;
  if (typeof event !== 'object' || event === null) {
    throw invalidInput('events', 'event', 'an object with `data`, or a string', event);
  }
  for (const name in event) {
    if (!NAMES.has(name)) {
      throw invalidInput(
        'events',
        'event',
        'an object with data, event, id, retry and comment',
        event,
      );
    }
  }
  const { data, event: type, id, retry, comment } = event as ServerSentEvent;
  let text = '';
  if (comment !== undefined) text += lines('', checkText('comment', comment));
  if (type !== undefined && type !== '') text += `event: ${checkLine('event', type)}\n`;
  if (id !== undefined) text += `id: ${checkId(id)}\n`;
  if (retry !== undefined) text += writeRetry(retry);
  if (data !== undefined) text += lines('data', checkText('data', data));
  return `${text}\n`;
}

/** The line that tells the client how long to wait. */
export function writeRetry(milliseconds: number): string {
  if (!Number.isSafeInteger(milliseconds) || milliseconds < 0) {
    throw invalidInput('events', 'retry', 'a whole number of milliseconds from 0', milliseconds);
  }
  return `retry: ${milliseconds}\n`;
}

function lines(name: string, text: string): string {
  if (!LINE_END.test(text)) return `${name}: ${text}\n`;
  return text
    .split(LINE_END)
    .map((line) => `${name}: ${line}\n`)
    .join('');
}

function checkText(name: string, value: unknown): string {
  if (typeof value !== 'string') throw invalidInput('events', name, 'a string', value);
  return value;
}

function checkLine(name: string, value: unknown): string {
  const text = checkText(name, value);
  if (LINE_END.test(text))
    throw invalidInput('events', name, 'a string without line breaks', value);
  return text;
}

/** A client ignores an id with NUL. */
function checkId(value: unknown): string {
  const id = checkLine('id', value);
  if (id.includes('\0')) throw invalidInput('events', 'id', 'a string without NUL', value);
  return id;
}
