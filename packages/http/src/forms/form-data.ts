/** A whole form in memory, as the `FormData` of the web. */

import { budgetOf, checkOptions } from '@awaitio/core/lowlevel';
import { DEFAULT_COLLECT_LIMIT } from '../message/collect-options.ts';
import { PieceCollector } from '../message/piece-collector.ts';
import type { HttpRequest } from '../message/request.ts';
import { loadWebClasses } from '../protocol/vocabulary/web-classes.ts';
import { formTypeOf } from './boundary.ts';
import { DeadlineReader } from './form-reader.ts';
import { tooMuch } from './multipart-error.ts';
import {
  checkLength,
  messageOf,
  MULTIPART_OPTIONS,
  partsOf,
  settingsOf,
  type FormMessage,
  type FormSettings,
  type MultipartOptions,
} from './multipart.ts';

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

function newFormData(): FormData {
  loadWebClasses('formData');
  return new FormData();
}

/** Collects the form that a message is. */
async function collectForm(message: FormMessage, settings: FormSettings): Promise<FormData> {
  const form = formTypeOf(message.types);
  if (form.type !== 'multipart/form-data') return collectPairs(message, settings);
  const data = newFormData();
  for await (const part of partsOf(message, settings)) {
    const bytes = (await part.bytes({ limit: Infinity })) as Uint8Array<ArrayBuffer>;
    if (part.filename === undefined) data.append(part.name, utf8.decode(bytes));
    else data.append(part.name, new File([bytes], part.filename, { type: part.contentType }));
  }
  return data;
}

/** Collects the form that a message is, within the default limits. */
export function readFormOf(message: FormMessage): Promise<FormData> {
  return collectForm(message, settingsOf(undefined));
}

/** A body of `application/x-www-form-urlencoded` (URL standard, section 5.1). */
async function collectPairs(message: FormMessage, settings: FormSettings): Promise<FormData> {
  const { bodyBytes, parts } = settings.limits;
  checkLength(message.length, bodyBytes);
  const source = new DeadlineReader(message.open(), settings);
  const pieces = new PieceCollector();
  let isComplete = false;
  try {
    for (;;) {
      const piece = await source.read();
      if (piece === undefined) break;
      pieces.add(piece);
      if (pieces.size > bodyBytes) throw tooMuch('the body has more bytes', 'bodyBytes', bodyBytes);
    }
    isComplete = true;
  } finally {
    source.close(isComplete);
  }
  const text = utf8.decode(pieces.join());
  if (hasMorePairs(text, parts)) throw tooMuch('the form has more parts', 'parts', parts);
  const data = newFormData();
  // Behind an empty pair, a question mark at the beginning is one of the first name.
  for (const [name, value] of new URLSearchParams(`&${text}`)) data.append(name, value);
  return data;
}

/** Whether there are more pairs than a number, counted before any is made: two bytes make one. */
function hasMorePairs(text: string, most: number): boolean {
  let count = 0;
  for (let start = 0; start < text.length && count <= most;) {
    const ampersand = text.indexOf('&', start);
    const end = ampersand === -1 ? text.length : ampersand;
    if (end > start) count += 1;
    start = end + 1;
  }
  return count > most;
}

/**
 * The whole form of a request: `multipart/form-data` or `application/x-www-form-urlencoded`. Files are `File` objects, in memory:
 * for large ones use {@link multipart}.
 *
 * @param request - The handler's request; its body is read, and must not have been.
 * @param options - See {@link MultipartOptions}. `limits.bodyBytes` is 1 MiB by default.
 * @throws as {@link multipart} and its iterator; `Error` where Node cannot load its `FormData`, as under `--jitless`.
 *
 * @example
 * ```ts
 * import { HttpResponse, serve } from '@awaitio/http';
 * import { formData } from '@awaitio/http/batteries';
 *
 * const server = await serve(async (request) => {
 *   const form = await formData(request, { limits: { bodyBytes: 100_000 } });
 *   return HttpResponse.text(`hello ${String(form.get('name'))}`);
 * }, { port: 0 });
 * const body = new URLSearchParams({ name: 'Ada' });
 * console.log(await (await fetch(server.url, { method: 'POST', body })).text()); // hello Ada
 * await server.shutdown();
 * ```
 */
export async function formData(
  request: HttpRequest,
  options?: MultipartOptions,
): Promise<FormData> {
  const message = messageOf('formData', request);
  if (options !== undefined) checkOptions('formData', options, MULTIPART_OPTIONS);
  const settings = settingsOf(options);
  const bodyBytes = options?.limits?.bodyBytes ?? DEFAULT_COLLECT_LIMIT;
  try {
    return await collectForm(message, { ...settings, limits: { ...settings.limits, bodyBytes } });
  } catch (error) {
    return budgetOf(settings.clock).fail(error);
  }
}
