/**
 * The parsers: each takes the bytes of one whole request and says how many header fields it has.
 *
 * Two of them are inside: awaitio's parser is not exported, and neither is Node's.
 */

import { createRequire } from 'node:module';

export type Parse = (request: Buffer) => number;

/** The parts of `@awaitio/http` that are used here; their files are beside its entry. */
interface ConnectionModule {
  HttpConnection: new (role: 'server') => {
    receive(view: Uint8Array): number;
    nextEvent(): symbol | { readonly type: string; readonly headers?: Iterable<unknown> };
    sendResponse(head: object): string;
    sendEnd(): string;
    startNextCycle(): void;
  };
}
interface ParserModule {
  Parser: { acquire(type: number): WasmParser };
}
interface WasmParser {
  execute(sink: object, from: number, to: number): number;
  resume(errno: number): void;
}
interface InstanceModule {
  readonly loadInput: (view: Uint8Array) => void;
}

const REQUEST = 1;
const PAUSED = 21;

async function inside<T>(path: string): Promise<T> {
  return (await import(new URL(path, import.meta.resolve('@awaitio/http')).href)) as T;
}

export const parsers: Readonly<Record<string, () => Promise<Parse>>> = {
  /** llhttp alone, with callbacks that keep where things are. */
  async llhttp() {
    const { Parser } = await inside<ParserModule>('llhttp/parser.js');
    const { loadInput } = await inside<InstanceModule>('llhttp/instance.js');
    const parser = Parser.acquire(REQUEST);
    let fields = 0;
    const sink = {
      onUrl: () => {},
      onHeaderField: () => {
        fields += 1;
      },
      onHeaderValue: () => {},
      onHeadersComplete: () => 0,
      onBody: () => {},
      onMessageComplete: () => {},
    };
    return (request) => {
      fields = 0;
      loadInput(request);
      const errno = parser.execute(sink, 0, request.length);
      if (errno !== PAUSED) throw new Error(`llhttp says ${errno}`);
      parser.resume(errno);
      return fields;
    };
  },
  /** What a server does for a request beside waiting: bytes in, events out, rules checked, an empty answer's head. */
  async connection() {
    const { HttpConnection } = await inside<ConnectionModule>('protocol/connection.js');
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
        if (event.headers !== undefined && !isCounted) fields = [...event.headers].length;
      }
      isCounted = true;
      connection.sendResponse(head);
      connection.sendEnd();
      connection.startNextCycle();
      return fields;
    };
  },
  /** Node's own, in C++, which gives every field as a string. */
  async node() {
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
