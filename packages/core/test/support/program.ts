/** Runs a file of `test/programs` in a separate process: for what affects a whole process, such as its limits. */

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ProgramOptions {
  /** The most descriptors that the process may have open (`ulimit -n`). */
  readonly descriptors?: number | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** A descriptor of this process that the child inherits as its third. */
  readonly inherit?: number | undefined;
}

export interface Program {
  /** The lines it prints, one after another; `undefined` when it has ended. */
  nextLine(): Promise<string | undefined>;
  /** Writes a line to its standard input. */
  say(line: string): void;
  /** Settles when the process ends, with its exit code or the signal that ended it, and what it wrote to stderr. */
  readonly ended: Promise<{ readonly code: number | string; readonly stderr: string }>;
  close(): Promise<void>;
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** @param name - A file of `test/programs`, without its ending. */
export function startProgram(name: string, options: ProgramOptions = {}): Program {
  const limit = options.descriptors === undefined ? '' : `ulimit -n ${options.descriptors}; `;
  const child = spawn(
    'sh',
    [
      '-c',
      `${limit}exec "$0" "$@"`,
      process.execPath,
      '--no-warnings',
      '--import',
      here('typescript-hooks.mjs'),
      here(`../programs/${name}.ts`),
    ],
    {
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe', options.inherit ?? 'ignore'],
    },
  ) as ChildProcessWithoutNullStreams;
  const lines: string[] = [];
  let wake: (() => void) | undefined;
  const state = { isOver: false };
  let rest = '';
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdout.on('data', (chunk: Buffer) => {
    const pieces = (rest + chunk.toString()).split('\n');
    rest = pieces.pop() ?? '';
    lines.push(...pieces);
    wake?.();
  });
  const ended = new Promise<{ code: number | string; stderr: string }>((resolve) => {
    child.on('close', (code, signal) => {
      state.isOver = true;
      wake?.();
      resolve({ code: code ?? signal ?? 'unknown', stderr });
    });
  });
  return {
    ended,
    say: (line) => {
      child.stdin.write(`${line}\n`);
    },
    nextLine: async () => {
      while (lines.length === 0 && !state.isOver) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return lines.shift();
    },
    close: async () => {
      if (!state.isOver) child.kill('SIGKILL');
      await ended;
    },
  };
}
