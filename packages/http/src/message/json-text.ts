/** What a program gives as JSON, or as text: checked, and refused when an `await` is missing. */

import { InvalidInputError } from '@awaitio/core';
import { containResult, invalidInput, isThenable, stderrSink } from '@awaitio/core/lowlevel';

/** @throws `InvalidInputError` for what JSON cannot hold: `undefined`, a function, a BigInt, a promise, an object that contains itself */
export function jsonOf(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    const message = 'HttpResponse.json: the value cannot be written as JSON';
    throw new InvalidInputError(message, 'HttpResponse.json', error);
  }
  // What JSON makes of a promise.
  if (text !== undefined && !(text === '{}' && isThenable(value))) return text;
  throw refused('HttpResponse.json', 'value', 'a value that JSON can hold', value);
}

/** What should be a value may be a promise whose `await` is missing. When it rejects, stderr is the only place to say so. */
export function refused(operation: string, name: string, expected: string, got: unknown): Error {
  containResult(operation, got, stderrSink);
  return invalidInput(operation, name, expected, got);
}
