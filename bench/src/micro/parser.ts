/**
 * Parsing alone: a request in memory, nothing to wait for. Arguments: PARSER REQUEST SECONDS.
 *
 * Prints the nanoseconds that one request takes.
 */

import { measure } from './measure.ts';
import { parsers } from './parsers.ts';
import { requests } from './parser-requests.ts';

const BATCH = 1_000;
const [parserName = '', requestName = '', seconds = ''] = process.argv.slice(2);
const request = requests[requestName];
const make = parsers[parserName];
if (request === undefined || make === undefined) {
  throw new Error(`no such parser or request: ${parserName}, ${requestName}`);
}
const parse = make();
if (parse(request.bytes) !== request.fields) {
  throw new Error(`expected ${request.fields} header fields, got another number`);
}

await measure(Number(seconds), BATCH, () => {
  for (let index = 0; index < BATCH; index += 1) parse(request.bytes);
});
