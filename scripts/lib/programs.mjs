/** Servers that scripts start beside awaitio: free ports, a program that listens, HAProxy. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ATTEMPTS = 400;
const PAUSE = 50;

/** Free ports of 127.0.0.1, each another one. */
export async function freePorts(count) {
  const listeners = [];
  for (let index = 0; index < count; index += 1) {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    listeners.push(listener);
  }
  const ports = listeners.map((listener) => listener.address().port);
  for (const listener of listeners) {
    listener.close();
    await once(listener, 'close');
  }
  return ports;
}

export const freePort = async () => (await freePorts(1))[0];

/**
 * Starts a program, and waits until it listens.
 *
 * @param children - Gets it at once, to be ended in any case.
 * @throws with what it has printed, when it does not listen
 */
export async function startListening(port, command, children) {
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  for (let attempt = 0; attempt < ATTEMPTS && child.exitCode === null; attempt += 1) {
    const socket = connect(port, '127.0.0.1');
    const isUp = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isUp) return child;
    await sleep(PAUSE);
  }
  throw new Error(`${program} does not listen:\n${said}`);
}

/** Starts HAProxy with a configuration, in a folder of the caller. */
export function startHaproxy(folder, port, configuration, children) {
  const config = join(folder, `haproxy-${port}.cfg`);
  writeFileSync(config, configuration);
  return startListening(port, ['haproxy', '-q', '-f', config, '-db'], children);
}
