/** An append-only file of lines on a host's disk. */

import type { SimFileHandle, SimHost } from '../../src/testing/index.ts';

const PATH = '/journal';

/** The file, and what it held when it was opened. */
export class Journal {
  readonly lines: readonly string[];
  readonly #file: SimFileHandle;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(file: SimFileHandle, lines: readonly string[]) {
    this.#file = file;
    this.lines = lines;
  }

  /** Opens the file, and cuts off a last line that a crash has torn. */
  static async open({ disk }: SimHost): Promise<Journal> {
    const file = await disk.open(PATH, 'a+');
    const directory = await disk.open('/');
    await directory.sync();
    await directory.close();
    const text = await disk.readFile(PATH, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    await file.truncate(Buffer.byteLength(whole));
    await file.sync();
    return new Journal(file, whole === '' ? [] : whole.slice(0, -1).split('\n'));
  }

  append(line: string): Promise<void> {
    return this.#then(() => this.#file.appendFile(`${line}\n`));
  }

  sync(): Promise<void> {
    return this.#then(() => this.#file.sync());
  }

  /** Calls at the same time may end in any order: one after another here. */
  #then(call: () => Promise<void>): Promise<void> {
    const before = this.#last;
    const called = (async () => {
      await before;
      await call();
    })();
    this.#last = called;
    return called;
  }
}
