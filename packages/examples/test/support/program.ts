/**
 * Runs the example programs as their users do: built, each in a process, on a port that the system chose.
 *
 * Nothing here sleeps: a test waits for what a program prints, for its connections, or for its end. Most of that time
 * is other processes starting, so tests run side by side.
 */

import { afterAll, jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TcpStream } from '@awaitio/core';

/** How a program ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs, or ran. */
export interface Program {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** What it has printed so far. */
  readonly lines: readonly string[];
  /** Waits until `count` lines match; rejects when the program ends before. */
  printed(pattern: RegExp, count?: number): Promise<readonly string[]>;
  /** Sends text to its standard input. */
  type(text: string): void;
  /** Sends a signal and waits for the end. */
  stop(signal?: 'SIGINT' | 'SIGTERM'): Promise<Ended>;
  /** Sends a signal again and again until the end, as an impatient user does. */
  keepStopping(signal: 'SIGINT' | 'SIGTERM'): Promise<Ended>;
}

/** How to kill what still runs, and its end. */
const running = new Map<() => void, Promise<Ended>>();
const streams: TcpStream[] = [];

// Eight programs that start at once on a busy machine take their time.
jest.setTimeout(60_000);

afterAll(async () => {
  // A test that failed half-way has left them open, and the message has to be about its failure.
  for (const stream of streams) stream.reset();
  for (const kill of running.keys()) kill();
  // A pipe to a program is open until its program has ended.
  await Promise.all(running.values());
});

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
/** The built file of each program, by its name; the folders have no two of one name. */
const paths = new Map(
  readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js') && file !== basename(file))
    .map((file) => [basename(file, '.js'), join(dist, file)]),
);

/** Starts the built program of this name; what a test file leaves running is killed at its end. */
export function start(name: string, ...args: string[]): Program {
  const path = paths.get(name);
  if (path === undefined) throw new Error(`there is no built example ${name}`);
  // With the packages as they are published: that is what users start, and it starts faster.
  const child = spawn(process.execPath, ['--conditions=bundled', path, ...args]);
  const kill = (): void => void child.kill('SIGKILL');

  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const listener of listeners) listener();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  let isOver = false;
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (status) => {
      isOver = true;
      running.delete(kill);
      resolve({ status, stdout, stderr });
      for (const listener of listeners) listener();
    });
  });
  running.set(kill, ended);
  const lines = (): string[] => stdout.split('\n').slice(0, -1);

  return {
    pid: child.pid as number,
    ended,
    get lines() {
      return lines();
    },
    printed(pattern, count = 1) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines().filter((line) => pattern.test(line));
          if (found.length >= count) resolve(found);
          else if (isOver) {
            reject(new Error(`${name} ended without ${pattern}:\n${stdout}\n${stderr}`));
          } else return;
          listeners.delete(look);
        };
        listeners.add(look);
        look();
      });
    },
    type(text) {
      child.stdin.write(text);
    },
    stop(signal = 'SIGINT') {
      child.kill(signal);
      return ended;
    },
    async keepStopping(signal) {
      const pressing = setInterval(() => child.kill(signal), 20);
      try {
        return await ended;
      } finally {
        clearInterval(pressing);
      }
    },
  };
}

/** A server that listens on a free port. */
export interface Serving extends Program {
  readonly port: string;
  connect(): Promise<TcpStream>;
}

/** Starts a program that listens, and waits until it does. */
export async function startServer(name: string, ...args: string[]): Promise<Serving> {
  const program = start(name, '--port', '0', ...args);
  const [line] = await program.printed(/^Listening on /);
  const port = /:(\d+)$/.exec(line ?? '')?.[1] as string;
  return Object.assign(Object.create(program) as Program, {
    port,
    async connect() {
      const stream = await TcpStream.connect(`127.0.0.1:${port}`);
      streams.push(stream);
      return stream;
    },
  });
}

/** Everything that comes until the peer finishes, as latin1 text. */
export async function readToEnd(stream: TcpStream): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

/** Sends raw bytes and FIN on a new connection, and returns everything that comes back. */
export async function exchange(server: Serving, request: string | Uint8Array): Promise<string> {
  const stream = await server.connect();
  await stream.writeAll(request);
  await stream.shutdown('write');
  const answer = await readToEnd(stream);
  await stream.close();
  return answer;
}
