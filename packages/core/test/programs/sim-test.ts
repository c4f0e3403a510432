/** Two tests for node:test, the first of which fails: run without a test runner's globals. */

import { simTest } from '../../src/testing/index.ts';

const regressions = String(process.env['REGRESSIONS']);

simTest('splits', { seeds: 40, regressions }, async (sim) => {
  const listener = await sim.host('server').listen(80);
  const stream = await sim.host('client').connect('server:80');
  const peer = await listener.accept();
  await stream.writeAll('hello');
  const { length } = (await peer.readChunk()) ?? [];
  if (length < 5) throw new Error(`only ${length} bytes`);
  await stream.close();
  await peer.close();
});

simTest('rests', { seeds: 5, regressions }, async (sim) => {
  await sim.clock.sleep(1_000);
});
