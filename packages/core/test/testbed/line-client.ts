/** A connection for questions and answers of one line each, which is made again when it has ended. */

import type { SimHost, SimStream } from '../../src/testing/index.ts';
import { attempt } from './protocol.ts';

export class LineClient {
  readonly #host: SimHost;
  readonly #address: string;
  readonly #timeout: number;
  #stream: SimStream | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** @param timeout - Of each step, in milliseconds. */
  constructor(host: SimHost, address: string, timeout: number) {
    this.#host = host;
    this.#address = address;
    this.#timeout = timeout;
  }

  /** The answer, or `undefined` when the connection failed: it may have been carried out. One question after another. */
  ask(line: string): Promise<string | undefined> {
    const before = this.#last;
    const asked = (async () => {
      await before;
      return this.#ask(line);
    })();
    this.#last = asked;
    return asked;
  }

  async #ask(line: string): Promise<string | undefined> {
    const timeout = this.#timeout;
    const answer = await attempt(async () => {
      this.#stream ??= await this.#host.connect(this.#address, { timeout });
      await this.#stream.writeAll(`${line}\n`, { timeout });
      return (await this.#stream.readLine({ timeout })) ?? undefined;
    });
    if (answer === undefined) this.#drop();
    return answer;
  }

  #drop(): void {
    this.#stream?.reset();
    this.#stream = undefined;
  }

  /** A question that is on its way ends first: a line of which only a part is written would be read as a whole one. */
  async close(): Promise<void> {
    await this.#last;
    await attempt(async () => this.#stream?.close());
    this.#drop();
  }
}
