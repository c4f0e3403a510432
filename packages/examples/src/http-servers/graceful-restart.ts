/**
 * A restart without a lost request: this process keeps the port, another one serves. At SIGHUP a new one is started; when it
 * listens, the old one is asked to end: it finishes its requests, and goes.
 *
 * Read first: `replace`, in which the order of the steps is everything; then what a worker does at SIGTERM.
 */

import cluster, { type Address, type Worker } from 'node:cluster';
import { once } from 'node:events';
import { InetAddress } from '@awaitio/core';
import { HttpResponse, serve } from '@awaitio/http';
import { messageOf, readArguments, sayListening } from '../support/program.ts';

const given = readArguments({ command: 'example graceful-restart', role: 'listens' });
if (cluster.isPrimary) await keep();
else await work();

async function work(): Promise<void> {
  const answer = HttpResponse.text(`from process ${process.pid}\n`);
  const server = await serve(() => answer, { host: given.host, port: given.port }).catch(
    cannotListen,
  );
  // Ctrl-C goes to all processes of a terminal; the other one says when this one has to go.
  process.on('SIGINT', () => {});
  process.once('SIGTERM', () => {
    void server.shutdown({ grace: 10_000 }).then(() => cluster.worker?.disconnect());
  });
}

function cannotListen(error: unknown): never {
  console.error(`Cannot listen: ${messageOf(error)}`);
  process.exit(1);
}

async function keep(): Promise<void> {
  let serving: Worker | undefined;
  async function replace(): Promise<Address> {
    const next = cluster.fork();
    const ended = once(next, 'exit').then(() => Promise.reject(new Error('it has ended')));
    const [address] = (await Promise.race([once(next, 'listening'), ended])) as [Address];
    serving?.process.kill('SIGTERM');
    serving = next;
    console.log(`Process ${next.process.pid} serves`);
    return address;
  }

  const sayNone = (why: unknown): void => console.error(`No new process: ${messageOf(why)}`);
  const begun = await replace().catch(sayNone);
  if (begun === undefined) process.exit(1);
  const restart = `curl http://ADDRESS, then kill -HUP ${process.pid}, then curl again`;
  sayListening(new InetAddress(begun.address, begun.port), (reached) =>
    restart.replace('ADDRESS', reached),
  );
  let last: Promise<unknown> = Promise.resolve();
  // A new process that fails leaves the old one serving.
  process.on('SIGHUP', () => void (last = last.then(replace).catch(sayNone)));
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => void last.then(() => serving?.process.kill('SIGTERM')));
  }
}
