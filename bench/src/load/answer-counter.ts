/**
 * Counts answers as cheaply as it can: a load generator that reads every head is slower than the server it tests.
 *
 * The answers to one request differ in their `Date` only, so the length of one tells where the next ones end. Where an
 * answer has the known length, begins with `HTTP/1.1 200` and has its empty line in the known place, it is counted;
 * where it has not, the {@link AnswerReader} reads it.
 */

import { AnswerReader } from './answer-reader.ts';

const OK = Buffer.from('HTTP/1.1 200');
const END_OF_HEAD = Buffer.from('\r\n\r\n');

export class AnswerCounter {
  readonly #onAnswer: (status: number) => void;
  readonly #reader: AnswerReader;
  /** Of an answer as they come here; 0 when it is not known. */
  #length = 0;
  #headLength = 0;
  #wasRead = false;

  constructor(onAnswer: (status: number) => void) {
    this.#onAnswer = onAnswer;
    this.#reader = new AnswerReader((status) => {
      this.#wasRead = true;
      onAnswer(status);
    });
  }

  /** Takes the first `length` bytes of a buffer, which is borrowed. @throws as {@link AnswerReader.receive} */
  receive(buffer: Buffer, length: number): void {
    let offset = 0;
    if (this.#length > 0 && this.#reader.isBetween) {
      while (length - offset >= this.#length && this.#isUsual(buffer, offset)) {
        offset += this.#length;
        this.#onAnswer(200);
      }
    }
    if (offset < length) this.#read(buffer.subarray(offset, length));
  }

  #isUsual(buffer: Buffer, offset: number): boolean {
    return isAt(OK, buffer, offset) && isAt(END_OF_HEAD, buffer, offset + this.#headLength - 4);
  }

  #read(bytes: Buffer): void {
    const isWhole = this.#reader.isBetween;
    this.#wasRead = false;
    this.#reader.receive(bytes);
    if (!isWhole || !this.#wasRead || !this.#reader.isBetween) return;
    // Several answers in one piece are as long as one another only if the whole divides.
    const headLength = bytes.indexOf(END_OF_HEAD) + 4;
    const second = bytes.indexOf(OK, headLength);
    this.#headLength = headLength;
    this.#length = second === -1 ? bytes.length : second;
  }
}

function isAt(part: Buffer, buffer: Buffer, offset: number): boolean {
  for (let index = 0; index < part.length; index += 1) {
    if (buffer[offset + index] !== part[index]) return false;
  }
  return true;
}
