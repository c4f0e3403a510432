/** Proxies: in absolute form, and as a tunnel to https. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { HttpClient } from '../../../packages/http/dist/index.js';
import { checkServer } from './check-server.mjs';
import {
  authority,
  check,
  config,
  equal,
  folder,
  freePort,
  isInstalled,
  start,
} from './support.mjs';

const TOOL = '/usr/lib/squid/basic_ncsa_auth';

/** @returns what is missing */
export async function tinyproxy(bases, requests) {
  if (!isInstalled('tinyproxy', '-v')) return 'tinyproxy';
  const port = await freePort();
  const file = config(
    'tinyproxy.conf',
    `Port ${port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 100\nAllow 127.0.0.1\nLogLevel Error\nBasicAuth user secret\n`,
  );
  await start(port, 'tinyproxy', '-d', '-c', file);
  await checkProxy('tinyproxy', port, bases, requests);
  return undefined;
}

/** @returns what is missing */
export async function squid(bases, requests) {
  if (!isInstalled('squid', '-v')) return 'squid';
  if (!existsSync(TOOL)) return TOOL;
  const port = await freePort();
  const { stdout } = spawnSync('openssl', ['passwd', '-apr1', 'secret'], { encoding: 'utf8' });
  const passwords = config('squid.passwords', `user:${stdout}`);
  const file = config(
    'squid.conf',
    `http_port 127.0.0.1:${port}
auth_param basic program ${TOOL} ${passwords}
auth_param basic realm test
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
cache deny all
access_log none
cache_log ${folder}/squid.log
pid_filename ${folder}/squid.pid
coredump_dir ${folder}
shutdown_lifetime 0 seconds
client_idle_pconn_timeout 1 second
server_idle_pconn_timeout 1 second
`,
  );
  spawnSync('chmod', ['-R', 'a+rwX', folder]);
  await start(port, 'squid', '-N', '-f', file);
  await checkProxy('squid', port, bases, requests);
  return undefined;
}

async function checkProxy(name, port, { http, https }, requests) {
  const options = { proxy: `http://user:secret@127.0.0.1:${port}` };
  await checkServer(`http through ${name}`, http, { requests, options, has: ['echo'] });
  await checkServer(`https through ${name}`, https, { requests, options, has: ['echo'] });
  await check(`${name}: wrong credentials`, async () => {
    const tls = { ca: authority.cert };
    const client = new HttpClient({ proxy: `http://user:wrong@127.0.0.1:${port}`, tls });
    const { status } = await client.get(http);
    equal([401, 407].includes(status), true, `status ${status}`);
    const failure = await client.get(https).catch((error) => error);
    await client.close();
    equal(failure.code, 'ERR_HTTP_PROXY', 'code');
    equal(/secret|wrong/.test(String(failure.stack)), false, 'shows credentials');
  });
}
