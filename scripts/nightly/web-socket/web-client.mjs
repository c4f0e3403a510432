/**
 * A client with the API of browsers: run by Node, undici, Bun, Deno and Chromium against a server of awaitio.
 *
 *   RUNTIME web-client.mjs URL [MODULE]      the WebSocket of MODULE, else the global one
 */

const LENGTH = 1_048_576;

function check(isSo, what) {
  if (!isSo) throw new Error(what);
}

function next(target, name) {
  return new Promise((resolve) => target.addEventListener(name, resolve, { once: true }));
}

async function open(WebSocket, url, protocols = []) {
  const socket = new WebSocket(url, protocols);
  socket.binaryType = 'arraybuffer';
  const failed = next(socket, 'error').then(() => Promise.reject(new Error(`cannot open ${url}`)));
  await Promise.race([next(socket, 'open'), failed]);
  failed.catch(() => {});
  return socket;
}

/** @returns What was checked. */
export async function talk(WebSocket, url) {
  const socket = await open(WebSocket, url, ['v2', 'v1']);
  check(socket.protocol === 'v1', `expected the subprotocol v1, got ${socket.protocol}`);
  const ask = async (message) => {
    const answer = next(socket, 'message');
    socket.send(message);
    return (await answer).data;
  };
  for (const text of ['hello', '', 'ä€😀', 'x'.repeat(70_000), 'y'.repeat(LENGTH)]) {
    check((await ask(text)) === text, `a text of ${text.length} came back changed`);
  }
  for (const length of [0, 1, 125, 126, 65_535, 65_536, LENGTH]) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 31) & 255);
    const got = new Uint8Array(await ask(bytes));
    const isSame = got.length === length && bytes.every((byte, at) => got[at] === byte);
    check(isSame, `${length} bytes came back changed`);
  }
  const closed = next(socket, 'close');
  socket.close(4321, 'bye');
  const { code, wasClean } = await closed;
  check(code === 4321 && wasClean, `expected a clean 4321, got ${code}`);

  const other = await open(WebSocket, url);
  check(other.protocol === '', `expected no subprotocol, got ${other.protocol}`);
  const end = next(other, 'close');
  other.send('close 4001 as you wish');
  const closing = await end;
  check(closing.code === 4001, `expected 4001, got ${closing.code}`);
  check(closing.reason === 'as you wish', `expected a reason, got ${closing.reason}`);

  const silent = await open(WebSocket, `${url}pinged`);
  let hasEnded = false;
  silent.addEventListener('close', () => (hasEnded = true));
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  check(!hasEnded, 'a ping was not answered');
  silent.close();
  await next(silent, 'close');
  return 'text, binary, 1 MiB, subprotocol, closes by both, pings of the server';
}

const [url, module] = globalThis.Deno?.args ?? globalThis.process?.argv.slice(2) ?? [];
if (url !== undefined) {
  const given = module === undefined ? globalThis : await import(module);
  console.log(await talk(given.WebSocket ?? given.default.WebSocket, url));
  (globalThis.Deno ?? globalThis.process).exit(0);
}
