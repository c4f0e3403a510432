/** The parsers: each takes the bytes of one whole request and says how many header fields it has. */

import { HttpConnection } from '@awaitio/http';
import { createRequire } from 'node:module';
import { bareLlhttp } from './llhttp.ts';
import type { Parse } from './parse.ts';

export const parsers: Readonly<Record<string, () => Parse>> = {
  llhttp: bareLlhttp,
  /** What a server does for a request beside waiting: bytes in, events out, rules checked, an empty answer's head. */
  connection() {
    const connection = new HttpConnection('server');
    const head = { status: 204, fields: [], length: undefined, date: '' };
    let isCounted = false;
    return (request) => {
      let fields = 0;
      connection.receive(request);
      for (;;) {
        const event = connection.nextEvent();
        if (typeof event === 'symbol') throw new Error('expected the whole request');
        if (event.type === 'end') break;
        // Counting decodes every field, which a server does not: only the first, unmeasured call does.
        if (event.type === 'request' && !isCounted) fields = [...event.headers].length;
      }
      isCounted = true;
      connection.sendResponse(head);
      connection.sendEnd();
      connection.startNextCycle();
      return fields;
    };
  },
  /** Node's own, in C++, which gives every field as a string. */
  node() {
    const { HTTPParser } = createRequire(import.meta.url)('_http_common') as {
      HTTPParser: NodeParserClass;
    };
    const parser = new HTTPParser();
    let fields = 0;
    const begin = (): void => {
      parser.initialize(HTTPParser.REQUEST, {});
      parser[HTTPParser.kOnHeadersComplete] = (_major: number, _minor: number, list?: string[]) => {
        fields = (list?.length ?? 0) / 2;
        return 0;
      };
      parser[HTTPParser.kOnBody] = () => {};
      parser[HTTPParser.kOnMessageComplete] = () => {};
    };
    begin();
    return (request) => {
      const result = parser.execute(request, 0, request.length);
      if (result !== request.length) throw new Error('the request was not parsed to its end');
      return fields;
    };
  },
};

interface NodeParserClass {
  new (): NodeParser;
  readonly REQUEST: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

interface NodeParser {
  initialize(type: number, resource: object): void;
  execute(bytes: Buffer, from: number, to: number): unknown;
  [callback: number]: (...values: never[]) => unknown;
}
