/** Writes the page of a recording, and its trace beside it. */

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { simulationTrace } from './perfetto.ts';
import type { SimulationRecording } from './recording.ts';

/** The page as text: the viewer, and the recording in it. */
export async function pageOf(recording: SimulationRecording): Promise<string> {
  // Large, and needed by a run that fails alone.
  const { BEFORE, AFTER } = await import('./viewer.ts');
  // Nothing in it can end its element.
  return BEFORE + JSON.stringify(recording).replaceAll('<', String.raw`\u003c`) + AFTER;
}

/** Writes both files. */
export async function writePage(path: string, recording: SimulationRecording): Promise<void> {
  const page = await pageOf(recording);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, page);
  await writeFile(`${path.replace(/\.html?$/, '')}.perfetto.json`, simulationTrace(recording));
}
