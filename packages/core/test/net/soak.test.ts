import { describe, expect, test } from '@jest/globals';
import { startProgram } from '../support/program.ts';
import type { SoakReport } from '../support/soak.ts';

// scripts/nightly/soak-connections.mjs does the same with 200,000.
describe('connections opened and closed one after another', () => {
  // Each runs in its own process, so they can run concurrently.
  test.concurrent.each([
    ['tcp', '4000'],
    ['unix', '4000'],
    ['tls', '500'],
  ])(
    'leave the heap flat and no descriptor open, on %s',
    async (KIND, COUNT) => {
      const program = startProgram('soak', { env: { KIND, COUNT } });
      try {
        const line = await program.nextLine();
        expect(await program.ended).toEqual({ code: 0, stderr: '' });
        const report = JSON.parse(line ?? '') as SoakReport;
        expect(report.growth).toBeLessThan(0.05);
        expect(report.sockets[1]).toBe(report.sockets[0]);
      } finally {
        await program.close();
      }
    },
    120_000,
  );
});
