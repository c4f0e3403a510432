/**
 * Two requests at once, over two connections, in the polling model: one loop over both sockets.
 *
 * It sends the same bytes as client.ts and prints the same. An exchange remembers what it has received and whether it is
 * complete, so each answer is printed once, when it has come whole; and the loop sleeps in `poll` until a socket has
 * something to say, where the seed's asked both of them as fast as the processor could.
 *
 * Read first: client.ts; then `begin`, and `advance`, which is called whenever a connection can go on.
 */

import { Interest, Poll, TcpStream, WOULD_BLOCK } from '@awaitio/core';
import { HttpConnection, NEED_DATA, PAUSED, type ResponseHead } from '@awaitio/http';
import { CLIENT, printFailure, requestsOf } from '../support/client-arguments.ts';
import { LARGEST_ANSWER, printAnswer } from '../support/print-answer.ts';
import { interruption, readArguments } from '../support/program.ts';

/** How long both servers may be silent at the same time before they are given up, in milliseconds. */
const ANSWER_TIMEOUT = 60_000;

const given = readArguments({ command: 'example poll-client', ...CLIENT });
const { data } = given.options;
const signal = interruption();
const buffer = new Uint8Array(65_536);

/** One request and its answer, as far as they have come. */
class Exchange {
  readonly name: string;
  readonly #stream: TcpStream;
  readonly #http = new HttpConnection('client');
  #unsent: Uint8Array;
  #head: ResponseHead | undefined;
  readonly #body: Uint8Array[] = [];
  #size = 0;

  constructor(name: string, url: URL, stream: TcpStream) {
    this.name = name;
    this.#stream = stream;
    const body = data === undefined ? undefined : Buffer.from(data);
    const head = this.#http.sendRequest({
      method: body === undefined ? 'GET' : 'POST',
      target: `${url.pathname}${url.search}`,
      fields: ['Host', url.host],
      hasBody: body !== undefined,
      length: body?.length,
    });
    if (body !== undefined && body.length > 0) this.#http.sendData(body.length);
    this.#unsent = Buffer.concat([Buffer.from(head, 'latin1'), body ?? NO_BYTES]);
    this.#http.sendEnd();
  }

  /** How far it has come, as the errors of `HttpClient` call it. */
  get phase(): string {
    return this.#head === undefined ? 'headers' : 'body';
  }

  get source(): TcpStream {
    return this.#stream;
  }

  get interest(): Interest {
    return this.#unsent.length > 0 ? Interest.WRITABLE | Interest.READABLE : Interest.READABLE;
  }

  /** Does what can be done without waiting; whether the answer is complete. */
  advance(): boolean {
    this.#send();
    for (;;) {
      const event = this.#http.nextEvent();
      if (event === NEED_DATA) {
        if (this.#receive()) continue;
        return false;
      }
      if (event === PAUSED || event.type === 'closed') {
        throw new Error('request: the server closed the connection before it answered');
      }
      if (event.type === 'response') this.#head = event;
      else if (event.type === 'data') this.#keep(event.bytes);
      // An informational response has no end: an end is the answer's.
      else if (event.type === 'end') return true;
    }
  }

  print(): void {
    console.log(`${this.name} connection completed`);
    printAnswer(this.#head as ResponseHead, Buffer.concat(this.#body));
  }

  #send(): void {
    if (this.#unsent.length === 0) return;
    const count = this.#stream.tryWrite(this.#unsent);
    if (count !== WOULD_BLOCK) this.#unsent = this.#unsent.subarray(count);
  }

  #receive(): boolean {
    const count = this.#stream.tryRead(buffer);
    if (count === WOULD_BLOCK) return false;
    if (count === null) this.#http.receiveEnd();
    // What is left over would belong to another answer, and there is only one.
    else this.#http.receive(buffer.subarray(0, count));
    return true;
  }

  #keep(bytes: Uint8Array): void {
    this.#size += bytes.length;
    if (this.#size > LARGEST_ANSWER) throw new Error(`more than ${LARGEST_ANSWER} bytes of answer`);
    this.#body.push(bytes);
  }
}

const NO_BYTES = new Uint8Array(0);
const poll = new Poll<Exchange>();
const open = new Set<Exchange>();

async function begin({ name, url: text }: { name: string; url: string }): Promise<void> {
  let phase: string | undefined;
  try {
    const url = new URL(text);
    if (url.protocol !== 'http:') throw new Error(`expected a URL with http:, got ${url.protocol}`);
    phase = 'connect';
    const stream = await TcpStream.connect(`${url.hostname}:${url.port || 80}`, { signal });
    const exchange = new Exchange(name, url, stream);
    open.add(exchange);
    poll.register(stream, exchange, exchange.interest);
  } catch (error) {
    printFailure(name, error, given, isOwn(error) ? undefined : phase);
  }
}

/** Whether it is the reason of the signal, which belongs to no phase. */
const isOwn = (error: unknown): boolean => signal.aborted && signal.reason === error;

/** Goes on with one exchange; a failure is its own, and the other goes on. */
function advance(exchange: Exchange): void {
  const { source } = exchange;
  try {
    if (!exchange.advance()) {
      poll.reregister(source, exchange, exchange.interest);
      return;
    }
    exchange.print();
  } catch (error) {
    printFailure(exchange.name, error, given, exchange.phase);
  }
  open.delete(exchange);
  poll.unregister(source);
  void source.close();
}

await Promise.all(requestsOf(given).map(begin));
try {
  while (open.size > 0) {
    const events = await poll.poll({ timeout: ANSWER_TIMEOUT, signal });
    if (events.length === 0) throw new Error(`no answer within ${ANSWER_TIMEOUT} ms`);
    for (const { token } of events) advance(token);
  }
} catch (error) {
  for (const { name, phase, source } of open) {
    printFailure(name, error, given, isOwn(error) ? undefined : phase);
    source.reset();
  }
}
