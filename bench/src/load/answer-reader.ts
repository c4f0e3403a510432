/**
 * Reads answers out of the bytes of a connection: heads by their empty line, bodies by length or in chunks.
 *
 * It is given a place for bodies, or only counts them. It is not a parser to trust an unknown peer with: it knows what the
 * servers of the bench send, and says so when something else comes.
 */

const END_OF_HEAD = Buffer.from('\r\n\r\n');

type Phase =
  | { readonly kind: 'head' }
  | { readonly kind: 'sized'; left: number }
  | { readonly kind: 'chunk-size' }
  | { readonly kind: 'chunk'; left: number };

const HEAD: Phase = { kind: 'head' };
const CHUNK_SIZE: Phase = { kind: 'chunk-size' };

export class AnswerReader {
  readonly #onBody: ((piece: Buffer) => void) | undefined;
  readonly #onAnswer: (status: number) => void;
  #phase: Phase = HEAD;
  #rest: Buffer | undefined;
  #status = 0;

  /**
   * @param onAnswer - Called for each complete answer.
   * @param onBody - Gets the pieces of bodies, borrowed.
   */
  constructor(onAnswer: (status: number) => void, onBody?: (piece: Buffer) => void) {
    this.#onAnswer = onAnswer;
    this.#onBody = onBody;
  }

  /** Whether nothing of an answer is under way. */
  get isBetween(): boolean {
    return this.#phase === HEAD && this.#rest === undefined;
  }

  /** Takes bytes, which are borrowed. @throws `Error` for what no server of the bench sends. */
  receive(bytes: Buffer): void {
    let data = this.#rest === undefined ? bytes : Buffer.concat([this.#rest, bytes]);
    this.#rest = undefined;
    while (data.length > 0) {
      const taken = this.#take(data);
      if (taken === 0) {
        // The rest outlives the buffer that it came in.
        this.#rest = Buffer.from(data);
        return;
      }
      data = data.subarray(taken);
    }
  }

  /** Takes one step; how many bytes it took, 0 when it needs more. */
  #take(data: Buffer): number {
    const phase = this.#phase;
    switch (phase.kind) {
      case 'head':
        return this.#takeHead(data);
      case 'chunk-size':
        return this.#takeChunkSize(data);
      case 'sized':
      case 'chunk': {
        const taken = Math.min(phase.left, data.length);
        // The CRLF after a chunk counts as its end, and not as body.
        const body = phase.kind === 'chunk' ? Math.min(taken, Math.max(0, phase.left - 2)) : taken;
        if (body > 0) this.#onBody?.(data.subarray(0, body));
        phase.left -= taken;
        if (phase.left > 0) return taken;
        if (phase.kind === 'chunk') this.#phase = CHUNK_SIZE;
        else this.#finish();
        return taken;
      }
    }
  }

  #takeHead(data: Buffer): number {
    const end = data.indexOf(END_OF_HEAD);
    if (end === -1) return 0;
    const head = data.toString('latin1', 0, end);
    this.#status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length !== undefined) this.#phase = { kind: 'sized', left: Number(length) };
    else if (/\r\ntransfer-encoding: *chunked/i.test(head)) this.#phase = CHUNK_SIZE;
    else throw new Error(`an answer of no known length: ${head}`);
    if (length === '0') this.#finish();
    return end + 4;
  }

  #takeChunkSize(data: Buffer): number {
    const end = data.indexOf('\r\n');
    if (end === -1) return 0;
    const size = Number.parseInt(data.toString('latin1', 0, end), 16);
    if (size > 0) this.#phase = { kind: 'chunk', left: size + 2 };
    else {
      if (data.length < end + 4) return 0;
      this.#finish();
      return end + 4;
    }
    return end + 2;
  }

  #finish(): void {
    this.#phase = HEAD;
    this.#onAnswer(this.#status);
  }
}
