/**
 * What every example shares: its command line, its end at Ctrl-C, and how it quotes what strangers sent.
 *
 * A wrong argument is reported in one line on stderr, with exit status 2; `--help` prints what there is, with 0.
 */

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { TcpListener, type Address, type Executor } from '@awaitio/core';

/** An option that only one program has; all of them take a value. */
export interface OwnOption {
  /** How the help calls the value, such as `TEXT`; one that is `HOST:PORT` has to be an address. */
  readonly value: string;
  readonly help: string;
}

/** A program's command line; `--host`, `--port` and `--help` belong to every program. */
export interface CommandLine {
  /** What starts it, such as `example server`; catalogue.json says in one line what it does. */
  readonly command: string;
  /** Whether the address is one to listen on, where port 0 chooses a free one, or one to connect to; `stays` has none. */
  readonly role: 'listens' | 'connects' | 'stays';
  /** @default 1234 */
  readonly port?: number;
  readonly options?: Readonly<Record<string, OwnOption>>;
  /** Arguments without a name: what they are called, and the most there may be. */
  readonly operands?: {
    readonly name: string;
    /** @default 0 */
    readonly least?: number;
    readonly most: number;
    readonly help: string;
  };
}

/** What was written on the command line. */
export interface Arguments {
  readonly host: string;
  readonly port: number;
  readonly options: Readonly<Record<string, string | undefined>>;
  readonly operands: readonly string[];
}

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 1234;
const ADDRESS = { host: { type: 'string' }, port: { type: 'string' } } as const;

/** Reads the command line; `--help` and wrong arguments end the process. */
export function readArguments(program: CommandLine): Arguments {
  try {
    const args = process.argv.slice(2);
    // `pnpm example server -- --port 1` passes the dashes on, as npm does not.
    if (args[0] === '--') args.shift();
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: program.operands !== undefined,
      options: {
        ...(program.role === 'stays' ? {} : ADDRESS),
        help: { type: 'boolean', default: false },
        ...Object.fromEntries(
          Object.keys(program.options ?? {}).map((name) => [name, { type: 'string' as const }]),
        ),
      },
    });
    if (values['help']) {
      console.log(helpOf(program));
      process.exit(0);
    }
    const given = values as object as Readonly<Record<string, string | undefined>>;
    const { host = DEFAULT_HOST, port = String(program.port ?? DEFAULT_PORT) } = given;
    checkAddresses(program, given);
    return {
      host: checkHost(host),
      port: checkPort(port, program.role === 'listens' ? 0 : 1),
      options: given,
      operands: checkOperands(program, positionals),
    };
  } catch (error) {
    return refuse(program, error instanceof Error ? error.message : String(error));
  }
}

/** Ends the process because of a wrong argument, with one line that says which it is and where to look. */
export function refuse(program: CommandLine, why: string): never {
  // Node's own messages go on with advice for arguments that begin with a dash.
  const [sentence] = why.split(/\.\s/, 1);
  console.error(`${program.command}: ${sentence}. Try --help.`);
  process.exit(2);
}

/** A count that an option gives, or the usual one; a wrong count ends the process. */
export function countOf(
  program: CommandLine,
  given: Arguments,
  name: string,
  usual: number,
): number {
  const text = given.options[name] ?? String(usual);
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  return refuse(
    program,
    `Option '--${name}' takes a whole number from 1 to 99999, got ${quote(text)}`,
  );
}

/** Signals that come closer together are one Ctrl-C, in milliseconds: pnpm may pass on the one that the terminal has sent. */
const SAME_SIGNAL = 200;

/** Aborts at Ctrl-C (SIGINT) and at SIGTERM; a second one ends the program at once, with the exit status of a signal. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  let since = 0;
  for (const [name, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.on(name, () => {
      const now = performance.now();
      if (!controller.signal.aborted) {
        since = now;
        controller.abort(new Error(`interrupted by ${name}`));
      } else if (now - since > SAME_SIGNAL) process.exit(status);
    });
  }
  return controller.signal;
}

const connections = (count: number): string => `${count} connection${count === 1 ? '' : 's'}`;

/** Says what a program finishes after Ctrl-C, and how long that takes at most. */
export function sayFinishing(count: number, grace: number): void {
  if (count === 0) return;
  console.log(
    `Finishing ${connections(count)}, up to ${grace / 1_000} s; Ctrl-C again ends at once`,
  );
}

/** Says what was cut because it did not finish in time, which makes the exit status 1. */
export function sayCut(count: number): void {
  if (count === 0) return;
  console.log(`Cut ${connections(count)} that did not finish in time`);
  process.exitCode = 1;
}

/** After Ctrl-C: waits for the connections that are an executor's tasks, and cuts those that do not end in time. */
export async function finish(executor: Executor, grace: number): Promise<void> {
  sayFinishing(executor.statistics().running, grace);
  const { aborted } = await executor.shutdown({ grace });
  sayCut(aborted.length);
}

/** Says where a program listens, and what to do next: `next` is given the address to connect to. */
export function sayListening(address: Address, next: (address: string) => string): void {
  console.log(`Listening on ${String(address)}`);
  // What listens everywhere is reached on this machine.
  const reached = String(address)
    .replace(/^0\.0\.0\.0:/, '127.0.0.1:')
    .replace('[::]:', '[::1]:');
  console.log(`Try: ${next(reached)}`);
}

/** Listens where the command line says, until the signal aborts; failing to listen ends the process. */
export async function listen(
  { host, port }: Arguments,
  next: (address: string) => string,
  signal: AbortSignal = interruption(),
): Promise<TcpListener> {
  try {
    const listener = await TcpListener.bind(
      { host, port },
      {
        maxConnections: 10_000,
        onOverflow: (stream, { limitName, limit }) => {
          sayRefused(stream.remoteAddress, `${limitName} is ${limit}`);
          stream.reset();
        },
        signal,
      },
    );
    sayListening(listener.localAddress, next);
    return listener;
  } catch (error) {
    console.error(`Cannot listen on ${host}:${port}: ${messageOf(error)}`);
    process.exit(1);
  }
}

/** Says why a connection failed; for an accept loop's `onError`. */
export function sayFailed(
  error: unknown,
  stream: { readonly remoteAddress: Address | undefined } | undefined,
): void {
  console.log(`${String(stream?.remoteAddress ?? 'accept')}: ${messageOf(error)}`);
}

/** Says who was refused, and why. */
export function sayRefused(peer: Address | string | undefined, why: unknown): void {
  console.log(`Refused ${String(peer ?? 'a connection')}: ${messageOf(why)}`);
}

/** Text in quotes on one line, whatever a stranger put into it: control characters cannot reach the terminal. */
export function quote(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[^\u0020-\u007E]/gu,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Says that a conversation failed, and what to start where no program listens; the exit status is 1. */
export function sayUnreachable(error: unknown, toStart: string): void {
  console.error(`Connection error: ${messageOf(error)}`);
  if (isRefused(error)) console.error(`Try: ${toStart}`);
  process.exitCode = 1;
}

/** Whether no program listens at the address. */
export function isRefused(error: unknown): boolean {
  return (error as { readonly code?: unknown } | null)?.code === 'ECONNREFUSED';
}

function checkHost(host: string): string {
  if (host !== '') return host;
  throw new Error("Option '--host' takes a name or an address, got nothing");
}

function checkPort(text: string, least: number): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (port >= least && port <= 65_535) return port;
  throw new Error(
    `Option '--port' takes a whole number from ${least} to 65535, got ${quote(text)}`,
  );
}

function checkAddresses(
  { options = {} }: CommandLine,
  given: Readonly<Record<string, string | undefined>>,
): void {
  for (const [name, { value }] of Object.entries(options)) {
    const text = given[name];
    if (value !== 'HOST:PORT' || text === undefined) continue;
    const port = Number(/^(?:\[[^\]]+\]|[^:[\]\s]+):(\d{1,5})$/.exec(text)?.[1] ?? 0);
    if (port >= 1 && port <= 65_535) continue;
    throw new Error(
      `Option '--${name}' takes an address such as 127.0.0.1:1234 or [::1]:1234, got ${quote(text)}`,
    );
  }
}

function checkOperands(program: CommandLine, operands: readonly string[]): readonly string[] {
  const { name = '', least = 0, most = 0, help = '' } = program.operands ?? {};
  if (operands.length < least) throw new Error(`expected a ${name}, ${help}`);
  if (operands.length <= most) return operands;
  throw new Error(`expected at most ${most} ${name} arguments, got ${operands.length}`);
}

/** What `pnpm example` says of it, too. */
function summaryOf(command: string): string {
  const catalogue = JSON.parse(
    readFileSync(new URL('../../catalogue.json', import.meta.url), 'utf8'),
  ) as Readonly<Record<string, Readonly<Record<string, string>>>>;
  const all = Object.assign({}, ...Object.values(catalogue)) as Readonly<Record<string, string>>;
  return all[command.replace('example ', '')] ?? '';
}

function helpOf(program: CommandLine): string {
  const { command, role, options = {}, operands } = program;
  const does = role === 'listens' ? 'listen on' : 'connect to';
  const addresses: [string, string][] = [
    ['--host HOST', `the host to ${does} (default ${DEFAULT_HOST})`],
    [
      '--port PORT',
      `the port to ${does}${role === 'listens' ? ', 0 for a free one' : ''} (default ${program.port ?? DEFAULT_PORT})`,
    ],
  ];
  const lines: [string, string][] = [
    ...(role === 'stays' ? [] : addresses),
    ...Object.entries(options).map(([name, { value, help }]): [string, string] => [
      `--${name} ${value}`,
      help,
    ]),
    ['--help', 'print this and end'],
  ];
  if (operands !== undefined) lines.unshift([operands.name, operands.help]);
  const width = Math.max(...lines.map(([left]) => left.length));
  const usage = operands === undefined ? '' : ` [${operands.name}…]`;
  return [
    summaryOf(command),
    '',
    `Usage: pnpm ${command}${usage} [options]`,
    '',
    ...lines.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
  ].join('\n');
}
