/**
 * Runs the snippets of one document, one after another, in this process; scripts/docs.mjs starts it.
 *
 * A snippet has ended when the event loop has run dry: its module is through, and nothing that it opened holds the
 * process any more. That is what `beforeExit` says, and so it is what starts the next one.
 */
const [limit, ...snippets] = process.argv.slice(2);

let current;
let settled = true;
let watchdog;

function fail(why) {
  process.stderr.write(`${current} ${why}\n`);
  process.exit(1);
}

process.on('exit', (status) => {
  if (current !== undefined && status === 0) process.exitCode = 1;
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
  import(current).then(
    () => {
      settled = true;
    },
    (error) => {
      console.error(error);
      fail('failed');
    },
  );
});
