/**
 * A queue of jobs with leases: every job that was put is done exactly once, whatever happens to the workers.
 *
 *     put ID       → ok
 *     take         → job ID TOKEN, or none after a while
 *     ack ID TOKEN → ok, or late when the lease has ended
 *
 * A worker holds a job for `LEASE` ms. When its lease ends, or its connection, the job is ready again, for the next worker.
 */

import type { SimStream, Simulation } from '../../src/testing/index.ts';
import { LineClient } from './line-client.ts';
import { BREAKING, check, serveOn, type Protocol } from './protocol.ts';

const TIMEOUT = 3_000;
const PORT = 4150;
const QUEUE = 'queue';
const LEASE = 400;
const JOBS = 4;

interface Job {
  readonly id: string;
  state: 'ready' | 'leased' | 'done';
  token: number;
  expiry: { cancel(): void } | undefined;
}

/** The queue, and how often each job was done. */
class Queue {
  readonly #sim: Simulation;
  readonly #bug: string | undefined;
  readonly #jobs = new Map<string, Job>();
  readonly #ready: Job[] = [];
  readonly #takers: ((job: Job | undefined) => void)[] = [];
  #lastToken = 0;
  readonly done: string[] = [];

  constructor(sim: Simulation, bug: string | undefined) {
    this.#sim = sim;
    this.#bug = bug;
  }

  put(id: string): void {
    if (this.#jobs.has(id) && this.#bug !== 'a repeated put makes another job') return;
    const job: Job = { id, state: 'ready', token: 0, expiry: undefined };
    this.#jobs.set(id, job);
    this.#offer(job);
  }

  #offer(job: Job): void {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#ready.push(job);
    else taker(job);
  }

  /** The next job, leased; `undefined` when there is none for a while. */
  async take(): Promise<Job | undefined> {
    const job =
      this.#ready.shift() ??
      (await new Promise<Job | undefined>((resolve) => {
        this.#takers.push(resolve);
        this.#sim.clock.setTimer(() => {
          const at = this.#takers.indexOf(resolve);
          if (at !== -1) this.#takers.splice(at, 1);
          resolve(undefined);
        }, 500);
      }));
    return job;
  }

  lease(job: Job): number {
    this.#lastToken += 1;
    const token = this.#lastToken;
    job.state = 'leased';
    job.token = token;
    job.expiry = this.#sim.clock.setTimer(() => {
      this.release(job, token);
    }, LEASE);
    return token;
  }

  /** The lease has ended: the job is ready again, unless it is done or has another holder. */
  release(job: Job, token: number): void {
    const isHeld = job.state === 'leased' && job.token === token;
    if (!isHeld && this.#bug !== 'a lease ends twice') return;
    job.expiry?.cancel();
    job.state = 'ready';
    this.#offer(job);
  }

  /** The connection of the holder has ended. */
  abandon(job: Job, token: number): void {
    if (this.#bug === 'a lost worker keeps its job') job.expiry?.cancel();
    else this.release(job, token);
  }

  ack(id: string, token: number): boolean {
    const job = this.#jobs.get(id);
    if (job === undefined || job.state === 'done') return false;
    const isLeased = job.state === 'leased' || this.#bug === 'a late worker is believed';
    if (!isLeased || job.token !== token) return false;
    job.state = 'done';
    if (this.#bug === 'an expiry outlives its job') {
      this.#sim.clock.setTimer(() => {
        this.#offer(job);
      }, LEASE / 2);
    }
    job.expiry?.cancel();
    this.done.push(id);
    return true;
  }
}

function server(sim: Simulation, queue: Queue, bug: string | undefined): void {
  const serve = async (stream: SimStream): Promise<void> => {
    const held: (readonly [Job, number])[] = [];
    try {
      for (;;) {
        const line = await stream.readLine({ timeout: TIMEOUT });
        if (line === null) return;
        const [command, id = '', token = ''] = line.split(' ');
        if (command === 'put') {
          queue.put(id);
          await stream.writeAll('ok\n');
        } else if (command === 'ack') {
          await stream.writeAll(queue.ack(id, Number(token)) ? 'ok\n' : 'late\n');
        } else {
          const job = await queue.take();
          if (job === undefined) {
            await stream.writeAll('none\n');
          } else if (bug === 'the lease begins behind the answer') {
            await stream.writeAll(`job ${job.id} 0\n`);
            queue.lease(job);
          } else {
            const lease = queue.lease(job);
            held.push([job, lease]);
            await stream.writeAll(`job ${job.id} ${lease}\n`);
          }
        }
      }
    } finally {
      for (const [job, token] of held) queue.abandon(job, token);
    }
  };
  serveOn(sim.host(QUEUE), PORT, () => Promise.resolve(serve));
}

async function produce(sim: Simulation): Promise<void> {
  const client = new LineClient(sim.host('producer'), `${QUEUE}:${PORT}`, TIMEOUT);
  for (let id = 1; id <= JOBS; id += 1) {
    while ((await client.ask(`put ${id}`)) === undefined) await sim.clock.sleep(50);
    await sim.clock.sleep(sim.random.integer(0, 300));
  }
  await client.close();
}

/** Takes jobs until all are done; some take longer than their lease. */
async function work(sim: Simulation, name: string, queue: Queue): Promise<void> {
  const client = new LineClient(sim.host(name), `${QUEUE}:${PORT}`, TIMEOUT);
  const finished = new Set<string>();
  while (new Set(queue.done).size < JOBS) {
    check(sim.clock.now() < 300_000, `after five minutes only ${queue.done.join(', ')} are done`);
    const [word, id = '', token] = (await client.ask('take'))?.split(' ') ?? [];
    if (word !== 'job') {
      await sim.clock.sleep(100);
      continue;
    }
    check(!finished.has(id), `job ${id} was given out again after it had been done`);
    await sim.clock.sleep(sim.random.integer(10, LEASE + 100));
    if ((await client.ask(`ack ${id} ${token}`)) === 'ok') finished.add(id);
  }
  await client.close();
}

export const jobs: Protocol = {
  name: 'a queue of jobs',
  bugs: {
    'a repeated put makes another job': 'a put whose answer was lost is sent again',
    'a lease ends twice': 'by time and by the end of the connection',
    'a lost worker keeps its job': 'the lease of a broken connection never ends',
    'an expiry outlives its job': 'a job that is done becomes ready again',
    'the lease begins behind the answer':
      'a job is lost with the connection that it was written to',
    'a late worker is believed': 'a job is done and still ready',
  },
  quick: ['a lease ends twice', 'an expiry outlives its job'],
  program: (bug) => async (sim) => {
    const queue = new Queue(sim, bug);
    server(sim, queue, bug);
    const workers = ['first', 'second'].map((name) =>
      sim.executor.spawn(() => work(sim, name, queue), { name: `worker ${name}` }),
    );
    await produce(sim);
    await Promise.all(workers);
    // What is still ready or leased shows now.
    await sim.clock.sleep(2 * LEASE);
    const done = queue.done.toSorted().join(', ');
    check(done === '1, 2, 3, 4', `expected 1, 2, 3, 4 to be done once, got ${done}`);
  },
  faults: BREAKING,
};
