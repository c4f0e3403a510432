/**
 * Runs the cases of Http11Probe against a server, where there is no .NET to run the probe itself.
 *
 *   git clone https://github.com/MDA2AV/Http11Probe
 *   node bench/public/http11probe/run.mjs Http11Probe [--port 8080] [--all] [--timeout 5]
 *
 * Without `--port` it starts the entry in AwaitioServer/, with this repository's packages (`pnpm build` first). The cases come from the
 * sources that are given, translated (translate.mjs); how they are sent, read and counted follows the probe's RawTcpClient,
 * ResponseParser, TestRunner and ConsoleReporter.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { dockerLine, installPacked } from '../../../scripts/lib/install-packed.mjs';
import { readCases } from './cases.mjs';
import { RawClient } from './raw-client.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string' },
    timeout: { type: 'string', default: '5' },
    all: { type: 'boolean', default: false },
  },
});
if (positionals.length !== 1) {
  console.error('run.mjs: expected one argument, a clone of Http11Probe');
  process.exit(2);
}
const cases = readCases(positionals[0]);
const timeout = Number(values.timeout) * 1_000;

const own = values.port === undefined ? await startEntry() : undefined;
const port = own?.port ?? Number(values.port);
const context = { Host: '127.0.0.1', Port: port, HostHeader: `127.0.0.1:${port}` };
const counts = { Pass: 0, Warn: 0, Fail: 0, Error: 0, unscored: 0 };
const began = performance.now();
for (const test of cases) {
  const { verdict, status, error } = await verdictOf(test);
  const isScored = test.Scored !== false;
  if (!isScored) counts.unscored += 1;
  if (isScored || verdict === 'Error') counts[verdict] += 1;
  if (values.all || (isScored && verdict !== 'Pass') || verdict === 'Error') {
    const level = test.RfcLevel ?? 'Must';
    const what = `${verdict.padEnd(5)} ${test.Id} (${level}${isScored ? '' : ', not scored'})`;
    console.log(`${what}: ${status ?? error ?? 'no response'}; ${test.Description}`);
  }
}
own?.child.kill('SIGTERM');

const { Pass, Warn, Fail, Error: errors, unscored } = counts;
const seconds = ((performance.now() - began) / 1_000).toFixed(0);
console.log(
  `Score: ${Pass + Warn}/${Pass + Warn + Fail}: ${Pass} passed, ${Warn} warnings, ${Fail} failed; ${errors} errors, ${unscored} unscored; ${cases.length} cases in ${seconds} s`,
);
process.exitCode = Fail + errors === 0 ? 0 : 1;

async function verdictOf(test) {
  const client = new RawClient(timeout);
  try {
    await client.connect(port);
    return test.Steps === undefined ? await single(test, client) : await sequence(test, client);
  } catch (error) {
    return { verdict: 'Error', error: error.stack.split('\n', 2).join(' ') };
  } finally {
    client.destroy();
  }
}

async function single(test, client) {
  await client.send(test.PayloadFactory(context));
  const { response, state } = await client.exchange();
  return { verdict: evaluate(test.Expected, response, state), status: response?.StatusCode };
}

async function sequence(test, client) {
  const results = [];
  let state = 'Open';
  for (const [index, step] of test.Steps.entries()) {
    const Label = step.Label ?? `Step ${index + 1}`;
    if (state !== 'Open') {
      results.push({ Label, Executed: false, ConnectionState: state });
      continue;
    }
    const whole = (given) =>
      step.DynamicPayloadFactory?.(given, results) ?? step.PayloadFactory(given);
    const parts = step.SendPartsFactory?.(context) ?? [{ PayloadFactory: whole }];
    const payloads = parts.map(({ PayloadFactory, DelayAfter = 0 }) => [
      PayloadFactory(context),
      DelayAfter,
    ]);
    for (const [payload, delay] of payloads) {
      try {
        await client.send(payload);
      } catch {
        break;
      }
      if (delay > 0 && (await client.isClosedAfter(delay))) break;
    }
    const read = await client.exchange();
    ({ state } = read);
    results.push({ Label, Executed: true, Response: read.response, ConnectionState: state });
  }
  const status = results.map(({ Response }) => Response?.StatusCode ?? '-').join(', ');
  return { verdict: test.Validator(results), status };
}

/** `ExpectedBehavior.Evaluate` of the probe. */
function evaluate(expected, response, state) {
  const { CustomValidator, ExpectedConnectionState, AllowConnectionClose, ExpectedStatus } =
    expected;
  if (CustomValidator !== undefined) return CustomValidator(response, state);
  if (ExpectedConnectionState !== undefined && state === ExpectedConnectionState) return 'Pass';
  if (response === null) return AllowConnectionClose === true ? 'Pass' : 'Fail';
  return ExpectedStatus?.(response.StatusCode) === true ? 'Pass' : 'Fail';
}

/** The entry as its Dockerfile builds and starts it, in an empty folder, on a free port. */
async function startEntry() {
  const entry = fileURLToPath(new URL('AwaitioServer', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'awaitio-probe-'));
  process.on('exit', () => rmSync(folder, { recursive: true }));
  cpSync(entry, folder, { recursive: true });
  await installPacked(folder, dockerLine(join(entry, 'Dockerfile'), 'RUN'));
  const [program, ...args] = JSON.parse(dockerLine(join(entry, 'Dockerfile'), 'ENTRYPOINT'));
  const child = spawn(program, [...args.slice(0, -1), '0'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  return { child, port: Number(/:(\d+)$/m.exec(line)[1]) };
}
