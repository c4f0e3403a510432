/**
 * Runs the snippets of one document, one after another, in this process; scripts/docs.mjs starts it.
 *
 * A snippet has ended when the event loop has run dry: its module is through, and nothing that it opened holds the
 * process any more. That is what `beforeExit` says, and so it is what starts the next one.
 *
 * A program that goes on until SIGTERM (`?until-sigterm` behind its address) runs in the folder `stage`, which has a `key.pem` and a
 * `cert.pem`, with a PORT that the system chooses. It gets its SIGTERM when its module is through, or waits for the end at its top level.
 */
import { chdir } from 'node:process';

const [limit, stage, ...snippets] = process.argv.slice(2);
const home = process.cwd();
/** From the first listener for SIGTERM: how long a module may take until it waits for its end. */
const STARTED_MS = 500;

let current;
let settled = true;
let watchdog;

function fail(why) {
  process.stderr.write(`${current} ${why}\n`);
  process.exit(1);
}

process.on('exit', (status) => {
  if (current === undefined || status !== 0) return;
  process.stderr.write(`${current} ended the process\n`);
  process.exitCode = 1;
});

process.on('beforeExit', () => {
  clearTimeout(watchdog);
  if (!settled) fail('waits for something that never comes');
  current = snippets.shift();
  if (current === undefined) return;
  settled = false;
  watchdog = setTimeout(() => {
    fail(
      `did not end within ${limit} ms; still open: ${process.getActiveResourcesInfo().join(', ')}`,
    );
  }, Number(limit)).unref();
  const untilSigterm = current.endsWith('?until-sigterm');
  chdir(untilSigterm ? stage : home);
  if (untilSigterm) process.env['PORT'] = '0';
  let isDue = untilSigterm;
  const terminate = () => {
    clearInterval(listening);
    if (!isDue) return;
    isDue = false;
    process.kill(process.pid, 'SIGTERM');
  };
  const listening = setInterval(() => {
    if (process.listenerCount('SIGTERM') === 0) return;
    clearInterval(listening);
    setTimeout(terminate, STARTED_MS).unref();
  }, 20).unref();
  // From Node 22 on a module may load and end without a turn of the loop, and `beforeExit` comes again only after one.
  setImmediate(() => {});
  import(current).then(
    () => {
      settled = true;
      terminate();
    },
    (error) => {
      console.error(error);
      fail('failed');
    },
  );
});
