import { expect, test } from '@jest/globals';
import { startProgram } from '../support/program.ts';

test('nothing of a simulated run waits for a collection of old garbage', async () => {
  const program = startProgram('left-behind');
  const { weighed, left } = JSON.parse((await program.nextLine()) ?? '{}') as Record<
    string,
    number
  >;
  expect(await program.ended).toEqual({ code: 0, stderr: '' });
  expect(weighed).toBeGreaterThan(200);
  // Of 40 runs, which weigh seven parts each.
  expect(left).toBeLessThan(40);
});
