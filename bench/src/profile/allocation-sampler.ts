/** Imported before a server: samples what it allocates, collected or not, between two lines on stdin. */

import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

/** Every so many bytes one allocation is looked at. */
const INTERVAL = 2_048;

const session = new Session();
session.connect();
process.stdin.setEncoding('utf8').on('data', (line) => {
  void (String(line).startsWith('start') ? start() : stop(String(line).trim()));
});

async function start(): Promise<void> {
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: INTERVAL,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  console.log('started');
}

async function stop(path: string): Promise<void> {
  const { profile } = await session.post('HeapProfiler.stopSampling');
  writeFileSync(path, JSON.stringify(profile));
  console.log('written');
}
