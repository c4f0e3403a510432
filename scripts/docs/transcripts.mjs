/**
 * Plays the shell transcripts of the documentation: fences opened with ```console run.
 *
 * A line that begins with `$ ` is a command, the lines under it are what it prints, exactly; a line `…` stands for any
 * lines. A command that ends in ` &` goes on in the background until the fence ends; the next one starts as soon as
 * it has printed what stands under it.
 */
import { spawn } from 'node:child_process';
import { root } from '../lib/run.mjs';

const LIMIT_MS = 30_000;

/** @returns {{command: string, background: boolean, expected: string[]}[]} The steps of one fence. */
function stepsOf(code) {
  const steps = [];
  for (const line of code.split('\n')) {
    if (line.startsWith('$ ')) {
      const command = line.slice(2);
      steps.push({
        command: command.replace(/\s*&$/, ''),
        background: command.endsWith(' &'),
        expected: [],
      });
    } else if (steps.length > 0) {
      steps.at(-1).expected.push(line);
    }
  }
  return steps;
}

/** The expected lines as one pattern over the whole output. */
function patternOf(expected) {
  const lines = expected
    .join('\n')
    .trimEnd()
    .split('\n')
    .map((line) =>
      line === '…' ? '[\\s\\S]*?' : line.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`),
    );
  return new RegExp(`^${lines.join('\n')}\\s*$`);
}

function start(command) {
  // A new process group, so that what the shell started ends with it.
  const child = spawn('bash', ['-c', command], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  const job = { child, output: '', ended: false };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      job.output += chunk;
    });
  }
  child.on('close', () => {
    job.ended = true;
  });
  return job;
}

async function until(condition) {
  const end = performance.now() + LIMIT_MS;
  while (!condition()) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

/**
 * @param {import('./extract.mjs').Snippet} snippet
 * @returns {Promise<string | null>} What went wrong, or null.
 */
export async function playTranscript({ file, line, code }) {
  const background = [];
  try {
    for (const { command, background: stays, expected } of stepsOf(code)) {
      const job = start(command);
      if (stays) background.push(job);
      const pattern = patternOf(expected);
      const done = await until(() => (stays ? pattern.test(job.output) || job.ended : job.ended));
      if (!done && !stays) background.push(job);
      if (!pattern.test(job.output)) {
        return `${file}:${line}: \`${command}\` printed\n${job.output}\ninstead of\n${expected.join('\n')}`;
      }
    }
    return null;
  } finally {
    for (const { child } of background) {
      if (child.pid === undefined) continue;
      try {
        process.kill(-child.pid, 'SIGINT');
      } catch {
        // It ended by itself.
      }
    }
    await until(() => background.every(({ ended }) => ended));
  }
}
