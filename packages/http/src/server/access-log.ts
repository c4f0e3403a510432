/** Access logs: one line for each answered request, in Common Log Format or as JSON. */

import { checkOptions, printLossy, rules, type OptionTable } from '@awaitio/core/lowlevel';
import type { EventListener, RequestFinishedEvent } from './events.ts';

/** Options of {@link accessLog}. */
export interface AccessLogOptions {
  /** `common`: the Common Log Format of NCSA httpd · `json`: one object per line. @default 'common' */
  readonly format?: 'common' | 'json' | undefined;
  /** Writes a line, given without its line end. @default to stdout */
  readonly write?: ((line: string) => void) | undefined;
}

const ACCESS_LOG_OPTIONS: OptionTable<AccessLogOptions> = {
  format: rules.oneOf('common', 'json'),
  write: rules.function,
};

/** Taken at load: tests replace the global. */
const SystemDate = Date;

const MONTHS = [
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
] as const;

/**
 * Makes an event listener that writes an access log. Query strings are written as received; bodies and headers never are.
 *
 * @throws `InvalidInputError` for a wrong option.
 *
 * @example
 * ```ts
 * import { accessLog, HttpResponse, serve } from '@awaitio/http';
 *
 * const lines: string[] = [];
 * const onEvent = accessLog({ write: (line) => lines.push(line) });
 * const server = await serve(() => HttpResponse.text('hello'), { port: 0, onEvent });
 * await (await fetch(`${server.url}greeting`)).text();
 * await server.shutdown();
 * console.log(lines[0]?.replace(/\[.*\]/, '[…]')); // 127.0.0.1 - - […] "GET /greeting HTTP/1.1" 200 5
 * ```
 */
export function accessLog(options?: AccessLogOptions): EventListener {
  if (options !== undefined) checkOptions('accessLog', options, ACCESS_LOG_OPTIONS);
  const format = options?.format === 'json' ? json : common;
  const write =
    options?.write ??
    ((line: string): void => {
      const { stdout } = process;
      printLossy(stdout, () => stdout.write(`${line}\n`));
    });
  // What it returns is passed on: the failure of an asynchronous sink goes to `onError`, as that of any listener.
  return (event): unknown => (event.type === 'requestFinished' ? write(format(event)) : undefined);
}

function common(event: RequestFinishedEvent): string {
  const { method, target, httpVersion, status, bytesOut } = event;
  const request = `${method} ${quoted(target)} HTTP/${httpVersion}`;
  return `${hostOf(event.remoteAddress)} - - [${date(event.time)}] "${request}" ${status} ${bytesOut === 0 ? '-' : bytesOut}`;
}

function json(event: RequestFinishedEvent): string {
  const { time, type: _type, ...rest } = event;
  return JSON.stringify({ time: new SystemDate(time).toISOString(), ...rest });
}

/** Quotes and backslashes are escaped as Apache does; control characters cannot be in a target. */
function quoted(target: string): string {
  return target.replaceAll(/["\\]/g, '\\$&');
}

/** A field that is not quoted: what could end it, or the line, is escaped as Apache does. A Unix path may hold any byte. */
function escaped(field: string): string {
  return field.replaceAll(
    /[^!#-[\]-~]/g,
    (character) => `\\x${(character.codePointAt(0) as number).toString(16).padStart(2, '0')}`,
  );
}

/** The host of `host:port`, without brackets; `-` when there is none. */
function hostOf(address: string): string {
  const end = address.lastIndexOf(':');
  const host = (end === -1 ? address : address.slice(0, end)).replace(/^\[(.*)\]$/, '$1');
  return host === '' ? '-' : escaped(host);
}

/** `10/Oct/2000:13:55:36 +0000` */
function date(time: number): string {
  const at = new SystemDate(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}`;
  return `${day}:${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`;
}
