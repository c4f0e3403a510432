/**
 * Enters a store with `enterWith` somewhere in a request, as the first use of `AsyncLocalStorage` in this process, and prints
 * where else it was seen, as one line of JSON.
 *
 *   node first-store.ts PLACE
 *
 * One connection carries the request that enters, and another one behind it in the same packet. Of the others, one has a
 * handler in progress and one sends its request in the same tick. All clients are in this process, so that the packets of
 * one tick are read in one iteration of the server's event loop.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { connect, type Socket } from 'node:net';
import { deferred } from '@awaitio/core/lowlevel';
import { HttpResponse, serve, type HandlerContext, type HttpRequest } from '@awaitio/http';

const [place = ''] = process.argv.slice(2);
const storage = new AsyncLocalStorage<string>();
const seen = new Set<string>();
/** What the request that enters a store sees of it. */
const own: Record<string, string | undefined> = {};

function look(where: string): void {
  if (storage.getStore() !== undefined) seen.add(where);
}

/** Of a request that enters when its signal aborts: that it waits for it, and that it has entered. */
const began = deferred<void>();
const entered = deferred<void>();

const enter = (): void => {
  storage.enterWith('entered');
};
/** A turn of a timer, in real time: where else a store is seen depends on how Node calls timers. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

async function entering(request: HttpRequest, context: HandlerContext): Promise<HttpResponse> {
  if (place === 'sync') enter();
  if (place === 'signal') {
    began.resolve();
    await new Promise<void>((resolve) => {
      request.signal.addEventListener('abort', () => {
        enter();
        entered.resolve();
        resolve();
      });
    });
    return HttpResponse.text('not read');
  }
  await request.text();
  if (place === 'body') enter();
  own['after the body'] = storage.getStore();
  await turn();
  if (place === 'timer') enter();
  own['after the timer'] = storage.getStore();
  if (place === 'waitUntil') context.waitUntil(turn().then(enter).then(turn));
  if (place === 'onError') throw new Error('this failure is part of the test');
  if (place !== 'generator' && place !== 'trailers') return HttpResponse.text('entered');
  async function* pieces() {
    if (place === 'generator') enter();
    yield 'one';
    await turn();
    if (place === 'generator') enter();
    yield 'two';
  }
  const trailers = (): Record<string, string> => {
    if (place === 'trailers') enter();
    return { 'X-End': 'yes' };
  };
  return HttpResponse.stream(pieces(), { trailers });
}

async function looking(request: HttpRequest): Promise<HttpResponse> {
  const where = request.path;
  look(`${where}, at the start`);
  request.signal.addEventListener('abort', () => {
    look(`${where}, in a listener of its signal`);
  });
  await request.text();
  look(`${where}, after its body`);
  await turn();
  look(`${where}, after a timer`);
  async function* pieces() {
    look(`${where}, in its response`);
    yield 'looked';
    await turn();
    look(`${where}, later in its response`);
  }
  return HttpResponse.stream(pieces());
}

/** A sync handler: what it enters would be the context of whatever called it. */
function immediate(): HttpResponse {
  enter();
  return HttpResponse.text('entered');
}

// A task of the program that waits since before the server was started.
const program = { isOver: false };
const background = (async (): Promise<void> => {
  while (!program.isOver) {
    await turn();
    look('a task of the program');
  }
})();

const server = await serve(
  (request, context) => {
    if (request.path !== '/enter') return looking(request);
    return place === 'immediate' ? immediate() : entering(request, context);
  },
  {
    onError: () => {
      look('onError');
      if (place === 'onError') enter();
    },
    onEvent: ({ type }) => {
      if (type === place) enter();
      else if (!type.startsWith('request')) look(`onEvent, ${type}`);
    },
  },
);
const { port } = server.address as { readonly port: number };

class Client {
  readonly socket: Socket;
  #received = '';
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.toString('latin1');
      this.#wake?.();
    });
    socket.on('error', () => {});
  }

  static open(): Promise<Client> {
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        resolve(new Client(socket));
      });
    });
  }

  /** Waits for a number of responses. */
  async responses(count: number): Promise<void> {
    const isThere = (): boolean =>
      this.#received.split('HTTP/1.1 ').length > count &&
      /\r\n0\r\n(.+\r\n)*\r\n$|entered$|error.*$/s.test(this.#received);
    while (!isThere()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#received = '';
  }
}

const request = (path: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody`;

const [first, inProgress, sameTick, idle] = await Promise.all([
  Client.open(),
  Client.open(),
  Client.open(),
  Client.open(),
]);
inProgress.socket.write(request('/in-progress').slice(0, -2));
idle.socket.write(request('/before'));
await idle.responses(1);

if (place === 'signal') {
  first.socket.write(request('/enter'));
  await began.promise;
  first.socket.destroy();
} else {
  first.socket.write(request('/enter') + request('/pipelined'));
}
sameTick.socket.write(request('/same-tick'));
inProgress.socket.write('dy');
await Promise.all([
  place === 'signal' ? entered.promise : first.responses(2),
  sameTick.responses(1),
  inProgress.responses(1),
]);
look('the program, after the first request');
for (let round = 0; round < 3; round += 1) {
  if (place !== 'signal') first.socket.write(request('/same-connection'));
  idle.socket.write(request('/other-connection'));
  const later = await Client.open();
  later.socket.write(request('/new-connection'));
  await Promise.all([
    place === 'signal' ? turn() : first.responses(1),
    idle.responses(1),
    later.responses(1),
  ]);
  later.socket.write(request('/left').slice(0, -1));
  await turn();
  later.socket.destroy();
}
look('the program');
program.isOver = true;
await background;
for (const { socket } of [first, inProgress, sameTick, idle]) socket.destroy();
await server.shutdown({ grace: 100 });
look('the program, at its end');
console.log(JSON.stringify({ seen: [...seen], own }));
