/**
 * Everything that works over real sockets, there and back: TCP, Unix, TLS, UDP, a server and a client. Prints one line,
 * `all there and back`, or the first error.
 *
 * Programs that change something about the process first import it, and set `TRIPS` to have it run. Only the packages are
 * imported, and Node.
 */
import {
  TcpListener,
  TcpStream,
  TlsListener,
  TlsStream,
  UdpSocket,
  UnixListener,
  UnixStream,
} from '@awaitio/core';
import { TestAuthority } from '@awaitio/core/testing';
import { echo, HttpClient, HttpResponse, serve } from '@awaitio/http';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Far more than any of this takes, so that a deadline is set and none passes. */
const LIMIT = { timeout: 60_000 };
const MEGABYTE = 1_048_576;

async function exchange(listener, connect) {
  const [client, server] = await Promise.all([connect(), listener.accept(LIMIT)]);
  const sending = client.writeAll(new Uint8Array(MEGABYTE).fill(7), LIMIT);
  assert.equal((await server.readExactly(MEGABYTE, LIMIT))[MEGABYTE - 1], 7);
  await sending;
  await server.writeAll('done', LIMIT);
  assert.equal((await client.readExactly(4, LIMIT)).length, 4);
  await client.shutdown('write');
  assert.equal(await server.readChunk(LIMIT), null);
  await server.close();
  await client.close();
  await listener.close();
}

export const trips = {
  async tcp() {
    const listener = await TcpListener.bind('127.0.0.1:0');
    await exchange(listener, () => TcpStream.connect(listener.localAddress, LIMIT));
  },
  async unix() {
    const folder = mkdtempSync(join(tmpdir(), 'awaitio-trips-'));
    const path = join(folder, 's');
    const listener = await UnixListener.bind(path);
    await exchange(listener, () => UnixStream.connect(path, LIMIT));
    rmSync(folder, { recursive: true });
  },
  async tls() {
    const authority = new TestAuthority();
    const listener = await TlsListener.bind('127.0.0.1:0', authority.issue(['127.0.0.1']));
    const ca = authority.cert;
    await exchange(listener, () => TlsStream.connect(listener.localAddress, { ca, ...LIMIT }));
  },
  async udp() {
    const [one, other] = [await UdpSocket.bind('127.0.0.1:0'), await UdpSocket.bind('127.0.0.1:0')];
    await one.sendTo('hello', other.localAddress, LIMIT);
    assert.equal((await other.recvFrom(LIMIT)).data.length, 5);
    await one.close();
    await other.close();
  },
  /** A timeout of a wait that passes. */
  async timeout() {
    const listener = await TcpListener.bind('127.0.0.1:0');
    await assert.rejects(listener.accept({ timeout: 5 }), { name: 'TimeoutError' });
    await listener.close();
  },
  async http() {
    const server = await serve(echo());
    const client = new HttpClient();
    const response = await client.post(server.url, 'x'.repeat(MEGABYTE - 6), LIMIT);
    assert.equal((await response.text()).length, MEGABYTE);
    // On the same connection.
    assert.equal(await (await client.post(server.url, 'again')).text(), 'echo: again');
    await client.close();
    const report = await server.shutdown({ grace: 60_000 });
    assert.deepEqual(report.aborted, []);
  },
  /** Deadlines that pass: of a connection that says nothing, of a handler, and of an idle connection of the client. */
  async deadlines() {
    const server = await serve(() => new Promise(() => {}), {
      deadlines: { headers: 20, handler: 20 },
      onError: () => {},
    });
    const silent = await TcpStream.connect(server.address);
    await silent.writeAll('GET /');
    assert.match(await silent.readLine(), / 408 /);
    await silent.close();
    const client = new HttpClient({ deadlines: { idle: 20 } });
    const response = await client.get(server.url);
    assert.equal(response.status, 503);
    await response.text();
    await client.close();
    await server.shutdown();
  },
  /** A request that is answered while the server shuts down. */
  async drain() {
    let answer;
    const asked = new Promise((arrived) => {
      answer = () => {
        arrived();
        return new Promise((resolve) => {
          answer = () => resolve(HttpResponse.text('late'));
        });
      };
    });
    const server = await serve(() => answer());
    const client = new HttpClient();
    const pending = client.get(server.url);
    await asked;
    const stopped = server.shutdown({ grace: 60_000 });
    answer();
    assert.equal(await (await pending).text(), 'late');
    await stopped;
    await client.close();
  },
};

export async function runTrips() {
  for (const [name, trip] of Object.entries(trips)) {
    try {
      await trip();
    } catch (error) {
      console.log(`${name}: ${error?.stack ?? error}`);
      process.exit(1);
    }
  }
  console.log('all there and back');
}

if (process.argv[1] === import.meta.filename || process.env.TRIPS === '1') await runTrips();
