/** A TypeScript program that uses every entry, and how it is compiled. */

/** The versions of the compiler: those of users today, and the oldest that works, which the READMEs name. */
export const TYPESCRIPTS = { newest: '7', usual: '5.9', oldest: '5.0' };

/** The types of Node: the oldest that work, and the newest, which `npm install @types/node` brings. */
export const NODE_TYPES = { oldest: '@types/node@20', newest: '@types/node@26' };

/** `module` and `moduleResolution`, as a consumer sets them. */
export const RESOLUTIONS = {
  nodenext: ['nodenext', 'nodenext'],
  node16: ['node16', 'node16'],
  bundler: ['esnext', 'bundler'],
};

export const PROGRAM = `
import { lines, TcpListener, TcpStream, TimeoutError, type ByteStream } from '@awaitio/core';
import { DeadlineWheel } from '@awaitio/core/lowlevel';
import { channel, type ChannelSender } from '@awaitio/core/sync';
import { checkStream, ManualClock, simulate, type Simulation } from '@awaitio/core/testing';
import { HttpClient, HttpResponse, serve, type Handler, type ShutdownReport } from '@awaitio/http';
import type * as batteries from '@awaitio/http/batteries';
import type * as contracts from '@awaitio/http/contract';
import type * as inspector from '@awaitio/http/inspect';
import type * as websocket from '@awaitio/http/websocket';

/** Entries of which only the types are checked here. */
export type Others = [typeof batteries, typeof contracts, typeof inspector, typeof websocket];

const handler: Handler = (request) => HttpResponse.text('Hello from ' + request.path);
const server = await serve(handler, { host: '127.0.0.1', port: 0, deadlines: { handler: 1_000 } });
const client = new HttpClient({ maxConnectionsPerOrigin: 2 });
const response = await client.get(server.url + 'here');
const text: string = await response.text();
await client.close();
const report: ShutdownReport = await server.shutdown({ grace: 1_000 });

const listener = await TcpListener.bind('127.0.0.1:0');
const stream: ByteStream = await TcpStream.connect(listener.localAddress);
const line = lines(stream).read({ timeout: 1 }).catch((error: unknown) => error instanceof TimeoutError);
const late: unknown = await line;
await stream.close();
await (await listener.accept()).close();
await listener.close();

const [sender, receiver] = channel<string>({ capacity: 1 });
const typed: ChannelSender<string> = sender;
await typed.send('a value');
const value: string | null = await receiver.receive();
if (value === null) throw new Error('expected a value');
sender.close();

const run = await simulate({ seed: 1 }, async (sim: Simulation) => sim.clock.sleep(1));
const wheel = new DeadlineWheel(new ManualClock());
console.log(text, report.aborted.length, late, run.seed, typeof wheel, typeof checkStream);
`;

/** What it prints. */
export const OUTPUT = 'Hello from /here 0 true 1 object function';

export const tsconfig = ([module, moduleResolution], outDir) => ({
  compilerOptions: {
    target: 'es2022',
    lib: ['es2022'],
    module,
    moduleResolution,
    outDir,
    rootDir: '.',
    types: ['node'],
    strict: true,
    skipLibCheck: false,
  },
  files: ['program.ts'],
});
