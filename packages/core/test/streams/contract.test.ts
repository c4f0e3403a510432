import { describe } from '@jest/globals';
import { STREAM_CONTRACTS, streamContract } from '../../src/testing/index.ts';
import { CARRIERS } from '../support/carriers.ts';

/** Milliseconds for one check beside seven others; each of its waits fails after `patience`, with its name. */
const TIMEOUT = 60_000;

describe.each(CARRIERS)('on $name', ({ use, contract, test }) => {
  test.each(STREAM_CONTRACTS)(
    '%s',
    async (name) => {
      await use(async ({ clock, connect }) => {
        const check = streamContract(connect, { clock, ...contract }).find(
          (one) => one.name === name,
        );
        await check?.run();
      });
    },
    TIMEOUT,
  );
});
