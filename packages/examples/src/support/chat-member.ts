/** A member of the chat: what is said to it waits in a bounded outbox, so that one that reads slowly delays no one else. */

import { lines, type Framed, type TcpStream } from '@awaitio/core';

const OUTBOX = 100;

export class Member {
  readonly stream: TcpStream;
  readonly channel: Framed<string>;
  readonly #lines: string[] = [];

  constructor(stream: TcpStream) {
    this.stream = stream;
    this.channel = lines(stream, { limit: 1_000 });
  }

  deliver(line: string): void {
    if (this.#lines.push(line) > OUTBOX) this.stream.reset(new Error('reads too slowly'));
    else if (this.#lines.length === 1) this.#send().catch(() => {}); // the reading task notices
  }

  async #send(): Promise<void> {
    // A line goes when it was written, so that no second sender is started meanwhile.
    for (; this.#lines[0] !== undefined; this.#lines.shift())
      await this.channel.write(this.#lines[0]);
  }
}
