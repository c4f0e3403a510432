/** Prints an answer as both clients do: status line, header fields, an empty line, the body. */

/** What is printed of a response's head, by both clients. */
export interface AnswerHead {
  readonly httpVersion: string;
  readonly status: number;
  readonly reason: string;
  readonly headers: Iterable<[name: string, value: string]>;
}

/** An answer is printed in one piece, so it has to fit into memory: 16 MiB. */
export const LARGEST_ANSWER = 16_777_216;

export function printAnswer(head: AnswerHead, body: Uint8Array): void {
  console.log(`HTTP/${head.httpVersion} ${head.status} ${head.reason}`);
  for (const [name, value] of head.headers) console.log(`${name}: ${value}`);
  console.log();
  // The body is bytes, and stays bytes: it may be no text at all.
  process.stdout.write(body);
  console.log();
}
