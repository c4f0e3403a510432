/**
 * Sends a file to `pnpm example files` and fetches it back, with a bar for each way. Both ways the file is read and written
 * piece by piece, as fast as the other side goes.
 *
 * Read first: `onUploadProgress` and `onDownloadProgress`. On a pipe there is no bar, only what is said at the end.
 */

import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { InetAddress } from '@awaitio/core';
import { HttpClient } from '@awaitio/http';
import { interruption, readArguments, sayUnreachable } from '../support/program.ts';
import { ProgressLine } from '../support/progress-line.ts';

const { host, port, operands } = readArguments({
  command: 'example transfer',
  role: 'connects',
  operands: { name: 'FILE', least: 1, most: 1, help: 'to send; it comes back as FILE.copy' },
});
const [file = ''] = operands;
const line = new ProgressLine(process.stderr, () => performance.now());
const signal = interruption();
const client = new HttpClient({ baseUrl: `http://${String(new InetAddress(host, port))}/` });
try {
  const url = `/files/${encodeURIComponent(basename(file))}`;
  const sent = await client.put(url, createReadStream(file), {
    length: (await stat(file)).size,
    signal,
    onUploadProgress: (progress) => {
      line.update('Sending', progress);
    },
  });
  await sent.throwIfNotOk();
  line.end('Sending');
  console.log(`Sent ${file}`);

  const fetched = await client.get(url, {
    signal,
    onDownloadProgress: (progress) => {
      line.update('Fetching', progress);
    },
  });
  await fetched.throwIfNotOk();
  await pipeline(fetched.body, createWriteStream(`${file}.copy`));
  line.end('Fetching');
  console.log(`Fetched ${file}.copy`);
} catch (error) {
  line.end('Sending');
  sayUnreachable(error, 'pnpm example files, in another terminal');
} finally {
  await client.close();
}
