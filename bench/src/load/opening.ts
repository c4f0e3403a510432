/** The answer to the opening of a connection: everything up to an empty line. Nothing comes behind it before it was asked for. */

export class Opening {
  readonly #onOver: () => void;
  #head = '';
  isOver = false;

  constructor(onOver: () => void) {
    this.#onOver = onOver;
  }

  receive(bytes: Buffer): void {
    this.#head += bytes.toString('latin1');
    if (!this.#head.endsWith('\r\n\r\n')) return;
    if (!this.#head.startsWith('HTTP/1.1 101')) {
      throw new Error(`expected a switch of protocols, got ${this.#head.slice(0, 60)}`);
    }
    this.isOver = true;
    this.#onOver();
  }
}
