/** What the async client does with an answer: prints it, or writes its body to a file. */

import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { LimitError } from '@awaitio/core';
import { failedRequestOf, type ClientResponse } from '@awaitio/http';
import { LARGEST_ANSWER } from './print-answer.ts';

/** The whole body, to be printed. */
export async function wholeBody(response: ClientResponse): Promise<Uint8Array> {
  return response.bytes({ limit: LARGEST_ANSWER }).catch((error: unknown) => {
    const isTooLong = error instanceof LimitError && error.code === 'ERR_BODY_TOO_LONG';
    throw isTooLong
      ? new Error('the body is longer than 16 MiB; write it with --output FILE')
      : error;
  });
}

/** Writes the body as it comes, however long it is; an answer that is none of success writes no file. */
export async function save(response: ClientResponse, file: string): Promise<void> {
  await response.throwIfNotOk();
  try {
    await pipeline(response.body, createWriteStream(file));
  } catch (error) {
    if (failedRequestOf(error) !== undefined) console.log(`${file} is not whole`);
    throw error;
  }
}
