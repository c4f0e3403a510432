/**
 * HTTPS with a private authority: it issues the certificate of the server, and a client that knows its root certificate
 * trusts the server. One that does not fails before it sends a byte of its request.
 *
 * Read first: where `authority` is used: by the listener, and by one of the two clients. An authority that outlives the process keeps
 * its key in a safe place and issues with OpenSSL or step-ca; `key` and `cert` are PEM all the same.
 */

import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TlsListener } from '@awaitio/core';
import { TestAuthority } from '@awaitio/core/testing';
import { HttpClient, HttpResponse } from '@awaitio/http';
import { messageOf, readArguments } from '../support/program.ts';
import { serveHere } from '../support/serve-here.ts';

const given = readArguments({ command: 'example private-ca', role: 'listens' });
const authority = new TestAuthority('Example authority');
const root = join(await mkdtemp(join(tmpdir(), 'awaitio-ca-')), 'root.pem');
await writeFile(root, authority.cert);

const listener = await TlsListener.bind(given, authority.issue([given.host, 'localhost']));
const server = await serveHere(
  given,
  ({ remoteAddress }) => HttpResponse.text(`In private, ${String(remoteAddress)}.\n`),
  (url) => `curl --cacert ${root} ${url}, and without --cacert`,
  { listener },
);

for (const [who, tls] of [
  ['A client that knows the root', { ca: authority.cert }],
  ['A client that does not', {}],
] as const) {
  const client = new HttpClient({ tls });
  try {
    console.log(`${who} got: ${(await (await client.get(server.url)).text()).trim()}`);
  } catch (error) {
    console.log(`${who} failed: ${messageOf(error)}`);
  }
  await client.close();
}
