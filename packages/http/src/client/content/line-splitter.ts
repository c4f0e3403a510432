/** Cuts text that comes in pieces into lines. Each character is looked at once, however small the pieces are. */
export class LineSplitter {
  readonly #ends: RegExp;
  /** What has come of a line whose end has not. */
  rest = '';
  /** Whether an LF that comes next belongs to the CR before it. */
  #skipsLf = false;

  /** @param hasCr - Whether a CR alone ends a line, too. */
  constructor(hasCr: boolean) {
    this.#ends = hasCr ? /\r\n|\r|\n/g : /\n/g;
  }

  /** The lines that end in this text, without their ends. */
  push(piece: string): string[] {
    const text = this.#skipsLf && piece.startsWith('\n') ? piece.slice(1) : piece;
    if (piece !== '') this.#skipsLf = false;
    const lines: string[] = [];
    let start = 0;
    for (const { index, 0: end } of text.matchAll(this.#ends)) {
      lines.push(this.rest + text.slice(start, index));
      this.rest = '';
      start = index + end.length;
      this.#skipsLf = end === '\r' && start === text.length;
    }
    this.rest += text.slice(start);
    return lines;
  }
}
