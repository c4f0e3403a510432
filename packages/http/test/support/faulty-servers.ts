/**
 * Servers that do whatever a server may do wrong, drawn for each request: for `client-protocol.ts`. Only types are imported, so that
 * scripts can run this file against the built package.
 */

import type { ByteStream, Listener } from '@awaitio/core';
import type { Simulation } from '@awaitio/core/testing';

/** What a server may do with a request. */
export const DEEDS = [
  'whole',
  'whole',
  'whole',
  'whole',
  'chunked',
  'chunked',
  'toTheEnd',
  'gzip',
  'pieces',
  'redirect',
  'redirect',
  'busy',
  'closing',
  'hasty',
  'hinting',
  'infos',
  'flood',
  'silent',
  'gone',
  'reset',
  'cut',
  'cutChunk',
  'garbage',
  'extra',
  'early',
  'badLength',
  'badCoding',
] as const;
export type Deed = (typeof DEEDS)[number];

export const ORIGINS = ['one', 'two', 'three'] as const;

/** How often a request arrived. */
export interface Arrival {
  readonly method: string;
  times: number;
}

interface Parts {
  readonly bytesOf: (id: number, length: number) => Uint8Array;
  readonly isSame: (a: Uint8Array, b: Uint8Array) => boolean;
  readonly gzipSync: (bytes: Uint8Array) => Uint8Array;
}

type Write = (data: string | Uint8Array) => Promise<void>;

/** A request that was read. */
interface Received {
  readonly id: number;
  readonly method: string;
  readonly path: string;
}

/** How long a server waits for anything, in virtual milliseconds. */
const TIMEOUT = 4_000;
const head = (status: string, fields: string): string => `HTTP/1.1 ${status}\r\n${fields}\r\n`;
const GARBAGE = ['\0\0\0\0', 'SSH-2.0-x\r\n', 'HTTP/1.1 2x0 OK\r\n\r\n', 'HTTP/9.9 200 OK\r\n\r\n'];
// Not a whole answer: nobody can tell one that comes late from that to the next request.
const WRONG = 'wrong\r\n\r\n';

export class FaultyServers {
  /** By id and path. */
  readonly arrivals = new Map<string, Arrival>();
  readonly #sim: Simulation;
  readonly #parts: Parts;
  readonly #violations: string[];
  readonly #listeners = new Set<Listener>();
  #isOver = false;

  constructor(sim: Simulation, parts: Parts, violations: string[]) {
    this.#sim = sim;
    this.#parts = parts;
    this.#violations = violations;
  }

  /** Serves at port 80 of a host, which may crash and come back. */
  run(name: string): void {
    const host = this.#sim.host(name);
    host.run(async ({ signal }) => {
      if (this.#isOver) return;
      const listener = await host.listen(80, { signal });
      this.#listeners.add(listener);
      try {
        for (;;) {
          const stream = await listener.accept({ signal });
          this.#sim.executor.spawn(() => this.#serve(stream));
        }
      } catch {
        this.#listeners.delete(listener);
      }
    });
  }

  /** Stops serving. */
  async end(): Promise<void> {
    this.#isOver = true;
    for (const listener of this.#listeners) await listener.close();
  }

  async #serve(stream: ByteStream): Promise<void> {
    try {
      while (await this.#answerOne(stream));
      await stream.close();
    } catch {
      stream.reset();
    }
  }

  /** @returns whether the connection goes on */
  async #answerOne(stream: ByteStream): Promise<boolean> {
    const { random, clock } = this.#sim;
    const bytes = await stream.readUntil('\r\n\r\n', { timeout: TIMEOUT, limit: 16_384 });
    if (bytes === null) return false;
    const text = Buffer.from(bytes).toString('latin1');
    const [, method = '', path = ''] = /^([A-Z]+) (\S+) HTTP\/1\.1\r\n/.exec(text) ?? [];
    const id = Number(/^x-id: (\d+)\r$/im.exec(text)?.[1]);
    if (method === '' || Number.isNaN(id)) {
      this.#violations.push(`a server got ${JSON.stringify(text.slice(0, 80))}`);
      return false;
    }
    const key = `${id} ${path}`;
    const arrival = this.arrivals.get(key) ?? { method, times: 0 };
    arrival.times += 1;
    this.arrivals.set(key, arrival);
    const deed = this.#pick(DEEDS);
    this.#sim.log(deed);
    if (deed !== 'early') await this.#readBody(stream, text, id);
    if (random.chance(0.2)) await clock.sleep(random.integer(0, 300));
    return this.#act(stream, deed, { id, method, path });
  }

  /** Reads a body to its end, and checks it. */
  async #readBody(stream: ByteStream, text: string, id: number): Promise<void> {
    const timeout = TIMEOUT;
    const length = /^content-length: (\d+)\r$/im.exec(text)?.[1];
    let body: Uint8Array = new Uint8Array(0);
    if (length !== undefined) body = await stream.readExactly(Number(length), { timeout });
    else if (/^transfer-encoding: chunked\r$/im.test(text)) {
      const pieces: Uint8Array[] = [];
      for (;;) {
        const line = await stream.readUntil('\r\n', { timeout });
        const size = Number.parseInt(Buffer.from(line ?? []).toString('latin1'), 16);
        const piece = await stream.readExactly(size + 2, { timeout });
        if (size === 0) break;
        pieces.push(piece.subarray(0, size));
      }
      body = Buffer.concat(pieces);
    }
    const { isSame, bytesOf } = this.#parts;
    if (!isSame(body, bytesOf(id, body.length)))
      this.#violations.push(`${id}: another body arrived`);
  }

  /** Does a deed. @returns whether the connection goes on */
  async #act(stream: ByteStream, deed: Deed, { id, method, path }: Received): Promise<boolean> {
    const { random } = this.#sim;
    const length = random.chance(0.1) ? random.integer(0, 40_000) : random.integer(0, 200);
    const body = method === 'HEAD' ? new Uint8Array(0) : this.#parts.bytesOf(id, length);
    const own = `X-Length: ${length}\r\n`;
    const withLength = `${own}Content-Length: ${length}\r\n`;
    const write: Write = (data) =>
      stream.writeAll(typeof data === 'string' ? Buffer.from(data, 'latin1') : data, {
        timeout: TIMEOUT,
      });
    const whole = async (status = '200 OK', fields = ''): Promise<void> => {
      await write(head(status, withLength + fields));
      if (body.length > 0) await write(body);
    };
    const inform = async (times: number): Promise<void> => {
      for (let n = 0; n < times; n += 1) await write(head('103 Early', 'A: b\r\n'));
    };
    switch (deed) {
      case 'whole':
      case 'early':
        await whole();
        return deed === 'whole';
      case 'chunked':
        await write(head('200 OK', `${own}Transfer-Encoding: chunked\r\n`));
        if (method !== 'HEAD') await this.#writeChunks(write, body);
        return true;
      case 'toTheEnd':
        await write(head('200 OK', `${own}Connection: close\r\n`));
        await write(body);
        return false;
      case 'gzip': {
        const coded = this.#parts.gzipSync(this.#parts.bytesOf(id, length));
        const fields = `Content-Encoding: gzip\r\nContent-Length: ${coded.length}\r\n`;
        await write(head('200 OK', own + fields));
        if (method !== 'HEAD') await write(coded);
        return true;
      }
      case 'pieces':
        await write(head('200 OK', withLength));
        await this.#writePieces(write, body);
        return true;
      case 'redirect': {
        const status = this.#pick(['301 A', '302 B', '303 C', '307 D', '308 E']);
        const to = `http://${this.#pick(ORIGINS)}${path}.`;
        await write(head(status, `Location: ${to}\r\nContent-Length: 3\r\n`));
        if (method !== 'HEAD') await write('xyz');
        return true;
      }
      case 'busy':
        await whole('503 Busy', `Retry-After: ${random.integer(0, 1)}\r\n`);
        return true;
      case 'closing':
        await whole('200 OK', 'Connection: close\r\n');
        return false;
      case 'hasty':
        await whole();
        return false;
      case 'hinting':
        await whole('200 OK', `Keep-Alive: timeout=${random.integer(0, 2)}\r\n`);
        return true;
      case 'infos':
        await inform(random.integer(1, 5));
        await whole();
        return true;
      case 'flood':
        await inform(100);
        return false;
      case 'silent':
        await stream.readable({ timeout: 6_000 });
        return false;
      case 'gone':
        return false;
      case 'reset':
        stream.reset();
        return false;
      case 'cut':
        await write(head('200 OK', `${own}Content-Length: ${length + 1}\r\n`));
        await write(body);
        return false;
      case 'cutChunk':
        await write(head('200 OK', `${own}Transfer-Encoding: chunked\r\n\r\n5\r\nab`));
        return false;
      case 'garbage':
        await write(this.#pick(GARBAGE));
        return random.chance(0.5);
      case 'extra':
        await whole();
        await write(WRONG);
        return random.chance(0.5);
      case 'badLength':
        await write(head('200 OK', `${own}Content-Length: 5\r\nContent-Length: 6\r\n`));
        return true;
      case 'badCoding':
        await write(head('200 OK', `${withLength}Content-Encoding: gzip\r\n`));
        await write(body);
        return true;
    }
  }

  async #writePieces(write: Write, body: Uint8Array): Promise<void> {
    const { random, clock } = this.#sim;
    for (let at = 0; at < body.length;) {
      const size = random.integer(1, Math.max(1, body.length >> 1));
      await write(body.subarray(at, at + size));
      at += size;
      if (random.chance(0.5)) await clock.sleep(random.integer(0, 900));
    }
  }

  async #writeChunks(write: Write, body: Uint8Array): Promise<void> {
    for (let at = 0; at < body.length;) {
      const size = Math.min(this.#sim.random.integer(1, 1_000), body.length - at);
      await write(`${size.toString(16)}\r\n`);
      await write(body.subarray(at, at + size));
      await write('\r\n');
      at += size;
    }
    await write('0\r\n\r\n');
  }

  #pick<T extends string>(list: readonly T[]): T {
    const picked = list[this.#sim.random.integer(0, list.length - 1)];
    if (picked === undefined) throw new Error('there is nothing to pick');
    return picked;
  }
}
