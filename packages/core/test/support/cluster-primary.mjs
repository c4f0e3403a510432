/**
 * A cluster of two workers that listen on one port and send their name to each client. Run by net/cluster.test.ts,
 * with the scheduling policy (`rr` or `none`) as its argument; prints how many of the workers answered, as JSON.
 */

import cluster from 'node:cluster';
import { once } from 'node:events';
import { TcpListener, TcpStream } from '../../dist/index.js';

const CONNECTIONS = 100;

if (cluster.isPrimary) {
  cluster.schedulingPolicy = process.argv[2] === 'rr' ? cluster.SCHED_RR : cluster.SCHED_NONE;
  const workers = [cluster.fork(), cluster.fork()];
  const [[port]] = await Promise.all(workers.map((worker) => once(worker, 'message')));
  const counts = new Map();
  for (let count = 0; count < CONNECTIONS; count += 1) {
    const stream = await TcpStream.connect({ host: '127.0.0.1', port });
    await stream.writeAll('who?\n');
    const name = await stream.readLine();
    counts.set(name, (counts.get(name) ?? 0) + 1);
    await stream.close();
  }
  for (const worker of workers) worker.send('stop');
  const exits = await Promise.all(workers.map((worker) => once(worker, 'exit')));
  console.log(
    JSON.stringify({
      answers: [...counts.values()].reduce((sum, count) => sum + count, 0),
      workers: counts.size,
      exits: exits.map(([code]) => code),
    }),
  );
} else {
  const listener = await TcpListener.bind('127.0.0.1:0');
  process.once('message', () => {
    void listener.close();
    process.disconnect();
  });
  process.send(listener.localAddress.port);
  for await (const stream of listener) {
    await stream.readLine();
    await stream.writeAll(`worker ${cluster.worker.id}\n`);
    await stream.close();
  }
}
