import { describe, test } from '@jest/globals';
import { STREAM_CONTRACTS, streamContract } from '../../src/testing/index.ts';
import { CARRIERS } from '../support/carriers.ts';

describe.each(CARRIERS)('on $name', ({ use, contract }) => {
  test.each(STREAM_CONTRACTS)('%s', async (name) => {
    await use(async ({ clock, connect }) => {
      const check = streamContract(connect, { clock, ...contract }).find(
        (one) => one.name === name,
      );
      await check?.run();
    });
  });
});
