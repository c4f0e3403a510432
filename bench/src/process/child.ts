/**
 * A process of the bench: started on a core, spoken to by lines, ended by its id.
 *
 * `taskset` replaces itself with the command it runs, so the id is the command's own.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pinned, type Core } from './pin.ts';

const alive = new Set<ChildProcess>();
// Whatever ends the bench, nothing that it started stays behind.
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

export interface ChildOptions {
  readonly core?: Core | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

export class Child {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #name: string;
  readonly #exit: Promise<unknown>;
  #errors = '';

  constructor(command: readonly string[], options: ChildOptions = {}) {
    const [file = '', ...args] = pinned(options.core, command);
    this.#name = command.join(' ');
    const child = spawn(file, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, NODE_ENV: 'production', NO_COLOR: '1', ...options.env },
    });
    this.#process = child;
    alive.add(child);
    this.#exit = once(child, 'close').finally(() => alive.delete(child));
    this.#exit.catch((error: unknown) => {
      this.#errors += String(error);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-4_096);
    });
    child.stdin?.on('error', () => {});
    if (child.stdout === null) throw new Error('expected a child with an output');
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** How it ended, with what it said on stderr, if it has. */
  get end(): string | undefined {
    const { exitCode, signalCode } = this.#process;
    if (exitCode === null && signalCode === null) return undefined;
    return `${this.#name} ended with ${signalCode ?? exitCode}: ${this.#errors.trim()}`;
  }

  /** The next line it prints. @throws `Error` with what it said on stderr, when it ends before. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) {
      await this.#exit.catch(() => {});
      throw new Error(this.end ?? `${this.#name} says nothing more: ${this.#errors.trim()}`);
    }
    return value;
  }

  /** The next line, as JSON. */
  async json<T>(): Promise<T> {
    const line = await this.line();
    try {
      return JSON.parse(line) as T;
    } catch (cause) {
      throw new Error(`${this.#name} printed ${line}`, { cause });
    }
  }

  /** Everything it still prints, once it has ended. @throws `Error` with what it said on stderr, when it failed. */
  async rest(): Promise<string> {
    const lines: string[] = [];
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) break;
      lines.push(value);
    }
    await this.#exit;
    if (this.#process.exitCode !== 0) throw new Error(this.end);
    return lines.join('\n');
  }

  /** Says a line to it. */
  say(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  /** Ends it, and waits until it has gone. */
  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill('SIGTERM');
      const late = setTimeout(() => this.#process.kill('SIGKILL'), 2_000);
      await this.#exit.catch(() => {});
      clearTimeout(late);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** The path of another program of the bench, from the folder that the compiled bench is in. */
export function program(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}
