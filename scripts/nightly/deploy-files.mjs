/**
 * The files of packages/examples/deploy, by the programs that read them: HAProxy, nginx and systemd check their files; the commands of the
 * Dockerfile are run in an empty folder, the server as its own process 1; and a server that systemd gave its socket is
 * restarted under load, and no request may fail.
 *
 *   node scripts/nightly/deploy-files.mjs [--restarts 20]
 *
 * Needs a build (`pnpm build`). What is not installed is said, and skipped.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { HttpClient } from '../../packages/http/dist/index.js';
import { dockerLine, installPacked } from '../lib/install-packed.mjs';
import { root, run } from '../lib/run.mjs';

const { values } = parseArgs({ options: { restarts: { type: 'string', default: '20' } } });
const deploy = join(root, 'packages/examples/deploy');
const folder = mkdtempSync(join(tmpdir(), 'awaitio-deploy-'));
chmodSync(folder, 0o755);
let failed = 0;

function say(what, ok, output = '') {
  if (!ok) failed += 1;
  console.log(`${ok ? 'passed' : 'FAILED'}  ${what}${ok ? '' : `\n${output}`}`);
}

const isInstalled = (name) =>
  spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined;

async function check(name, ...args) {
  if (!isInstalled(name)) return console.log(`skipped ${name}: it is not installed`);
  const { ok, output } = await run([name, ...args], { quiet: true });
  return say(`${name} ${args.join(' ')}`, ok, output);
}

try {
  await check('haproxy', '-c', '-f', join(deploy, 'haproxy.cfg'));
  await check('nginx', '-t', '-p', folder, '-c', join(deploy, 'nginx.conf'));
  // The program that a unit starts has to exist where it is checked.
  const unit = readFileSync(join(deploy, 'systemd/my-app.service'), 'utf8');
  writeFileSync(join(folder, 'my-app.service'), unit.replace('/usr/bin/node', process.execPath));
  cpSync(join(deploy, 'systemd/my-app.socket'), join(folder, 'my-app.socket'));
  const units = ['my-app.service', 'my-app.socket'].map((name) => join(folder, name));
  await check('systemd-analyze', 'verify', ...units);
  await container();
  await socketOfSystemd();
} finally {
  rmSync(folder, { recursive: true });
}
process.exitCode = failed === 0 ? 0 : 1;

/** Runs the commands of the Dockerfile, with the packages of this repository in the place of npm's. */
async function container() {
  const command = (word) => dockerLine(join(deploy, 'Dockerfile'), word);
  for (const name of ['package.json', 'server.mjs']) {
    cpSync(join(deploy, 'app', name), join(folder, name));
  }
  try {
    await installPacked(folder, command('RUN'));
    say(command('RUN'), true);
  } catch (error) {
    return say(command('RUN'), false, error.message);
  }

  const environment = Object.fromEntries(
    command('ENV')
      .split(' ')
      .map((pair) => pair.split('=')),
  );
  const start = JSON.parse(command('CMD'));
  // Process 1 of a container has no default for signals: what it does not handle does not end it.
  const isolated = ['unshare', '--pid', '--fork', '--kill-child', '--user', '--map-root-user'];
  const canIsolate = spawnSync(isolated[0], [...isolated.slice(1), 'true']).status === 0;
  if (!canIsolate) console.log('skipped process 1: `unshare` cannot make one here');
  const [program, ...args] = canIsolate ? [...isolated, ...start] : start;
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const healthy = JSON.parse(/CMD (\[.*\])$/.exec(command('HEALTHCHECK'))[1]);
  say('the health check of the Dockerfile', (await run(healthy, { quiet: true })).ok);
  const [inner = child.pid] = childrenOf(child.pid);
  process.kill(inner, 'SIGTERM');
  const [status] = await once(child, 'exit');
  say(`process 1 ends at SIGTERM, with status ${status}`, status === 0);
  return undefined;
}

function childrenOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch {
    return [];
  }
}

/**
 * The socket stays open in a shell that starts one server after another, as it does in systemd: what comes while no server runs waits
 * in it.
 */
async function socketOfSystemd() {
  const socket = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
  await once(socket, 'listening');
  const url = `http://127.0.0.1:${socket.address().port}/`;
  // As systemd: the process that is given the socket knows by its id that it is meant.
  const one = 'echo "$$"; LISTEN_FDS=1 LISTEN_PID=$$ GRACE=5000 exec "$0" server.mjs';
  const all = `while :; do sh -c '${one}' "$0" || echo "ended with $?"; done`;
  const shell = spawn('sh', ['-c', all, process.execPath], {
    cwd: join(deploy, 'app'),
    stdio: ['ignore', 'pipe', 'inherit', socket._handle.fd],
  });
  socket.close();
  const lines = createInterface(shell.stdout)[Symbol.asyncIterator]();
  const failures = [];
  /** Waits for a server that listens; returns its id. */
  const started = async () => {
    for (let id; ;) {
      const { value: line } = await lines.next();
      if (/^\d+$/.test(line)) id = Number(line);
      else if (line.startsWith('Listening')) return id;
      else if (!/^Ended: .* 0 cut$/.test(line)) failures.push(line);
    }
  };
  let server = await started();
  const client = new HttpClient({ maxConnectionsPerOrigin: 8 });
  const count = { answered: 0 };
  const load = { isOn: true };
  const posters = Array.from({ length: 8 }, async () => {
    while (load.isOn) {
      try {
        const response = await client.post(url, 'once');
        await response.text();
        if (response.status === 200) count.answered += 1;
        else failures.push(`status ${response.status}`);
      } catch (error) {
        failures.push(String(error));
      }
    }
  });
  for (let restart = 0; restart < Number(values.restarts); restart += 1) {
    const wanted = count.answered + 100;
    while (count.answered < wanted && failures.length === 0) await new Promise(setImmediate);
    process.kill(server, 'SIGTERM');
    server = await started();
  }
  load.isOn = false;
  await Promise.all(posters);
  await client.close();
  shell.kill('SIGKILL');
  process.kill(server, 'SIGTERM');
  await once(shell, 'close');
  const what = `${values.restarts} restarts on a socket of systemd: ${count.answered} answered, ${failures.length} failed`;
  say(what, failures.length === 0, failures.slice(0, 5).join('\n'));
}
