/** What is compiled in another thread during a run takes no virtual time, whichever globals compile it. */
import { runInThisContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { simulate } from '../simulate.ts';

interface Compiler {
  readonly WebAssembly: { compile(bytes: Uint8Array): Promise<unknown> };
}

const EMPTY_MODULE = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

for (const [name, globals] of [
  ['the program', globalThis],
  [
    'Node, which its own fetch uses in the sandbox of a test runner,',
    runInThisContext('globalThis'),
  ],
] as const) {
  test(`virtual time stands still while WebAssembly of ${name} compiles`, async () => {
    const { WebAssembly } = globals as unknown as Compiler;
    const ends: string[] = [];
    const { virtualTime } = await simulate({ seed: 1 }, async (sim) => {
      const slept = sim.clock.sleep(1).then(() => ends.push('a sleep'));
      for (let count = 0; count < 3; count += 1) {
        await WebAssembly.compile(EMPTY_MODULE);
      }
      ends.push('compiled');
      await slept;
    });
    expect(ends).toEqual(['compiled', 'a sleep']);
    expect(virtualTime).toBe(1);
  });
}
