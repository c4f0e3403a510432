/**
 * What a user of the packages does, each a round trip: run by plain node, by test runners under fake timers, on every Node,
 * and from CommonJS. Only the packages are imported, and Node.
 */
import assert from 'node:assert/strict';

/** Answers what it was sent. */
async function echoOnce(listener) {
  const stream = await listener.accept();
  await stream.writeAll(await stream.readExactly(5));
  await stream.close();
  await listener.close();
}

async function exchange(stream) {
  await stream.writeAll('hello');
  assert.equal(Buffer.from(await stream.readExactly(5)).toString(), 'hello');
  assert.equal(await stream.readChunk(), null);
  await stream.close();
}

const under = (name) => /[\\/]llhttp(?:-simd)?\.cjs$/.test(name);

/**
 * @param packages - `core`, `sync`, `testing` and `http`: the entries, imported or required.
 * @param [cache] - The names of the CommonJS modules that are loaded: llhttp among them, once it is needed.
 * @returns Each check by its name. Those of `fetch` and of the lazy parser are not for test runners.
 */
export function checksOf({ core, sync, testing, http }, cache) {
  const checks = {
    'TCP: a line there and back': async () => {
      const listener = await core.TcpListener.bind('127.0.0.1:0');
      const echoing = echoOnce(listener);
      await exchange(await core.TcpStream.connect(listener.localAddress, { timeout: 5_000 }));
      await echoing;
    },
    'TCP: what was written before a close arrives': async () => {
      const listener = await core.TcpListener.bind('127.0.0.1:0');
      const client = await core.TcpStream.connect(listener.localAddress, { timeout: 5_000 });
      const server = await listener.accept();
      const size = 8_388_608;
      const sending = server.writeAll(new Uint8Array(size)).then(() => server.close());
      let received = 0;
      for await (const chunk of client) received += chunk.length;
      assert.equal(received, size);
      await sending;
      await client.close();
      await listener.close();
    },
    'TLS: with an authority of the test kit': async () => {
      const authority = new testing.TestAuthority();
      const identity = authority.issue(['127.0.0.1']);
      const listener = await core.TlsListener.bind('127.0.0.1:0', identity);
      const echoing = echoOnce(listener);
      const ca = authority.cert;
      await exchange(await core.TlsStream.connect(listener.localAddress, { ca, timeout: 5_000 }));
      await echoing;
    },
    'tasks: with one slot, one after another': async () => {
      const executor = new core.Executor({ concurrency: 1 });
      const order = [];
      const tasks = [1, 2, 3].map((n) => executor.spawn(() => order.push(n)));
      await Promise.all(tasks);
      assert.deepEqual(order, [1, 2, 3]);
    },
    'timeouts: an error with its own name': async () => {
      const [near, far] = core.memoryPair();
      const error = await far.readChunk({ timeout: 5 }).catch((reason) => reason);
      assert.ok(error instanceof core.TimeoutError);
      assert.equal(error.constructor.name, 'TimeoutError');
      assert.match(String(error), /^TimeoutError: /);
      await near.close();
      await far.close();
    },
    'simulate: a program on a simulated network': async () => {
      await testing.simulate({ seed: 42 }, async (sim) => {
        const listener = await sim.host('server').listen(80);
        const echoing = sim.executor.spawn(() => echoOnce(listener));
        await exchange(await sim.host('client').connect('server:80'));
        await echoing;
      });
    },
    'simulate: the timers of a program, and those of the system’s clock, are virtual': async () => {
      const { virtualTime } = await testing.simulate({ seed: 1 }, async () => {
        await core.systemClock.sleep(1_000);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      });
      assert.equal(virtualTime, 2_000);
    },
    'checkStream: a pair in memory': () =>
      testing.checkStream(() => core.memoryPair(), { quiet: 1 }),
    'HTTP: server and client': async () => {
      const server = await http.serve(http.echo());
      const client = new http.HttpClient();
      for (const text of ['first', 'second']) {
        const response = await client.post(server.url, text, { timeout: 5_000 });
        assert.equal(await response.text(), `echo: ${text}`);
      }
      await client.close();
      const report = await server.shutdown({ grace: 1_000 });
      assert.deepEqual(report.aborted, []);
    },
    'HTTP: the parser refuses what two parsers would read differently': async () => {
      const server = await http.serve(http.echo());
      const stream = await core.TcpStream.connect(server.address);
      await stream.writeAll('GET / HTTP/1.1\nHost: a\r\n\r\n');
      assert.match(await stream.readLine(), /^HTTP\/1\.1 400 /);
      await stream.close();
      await server.shutdown({ grace: 1_000 });
    },
    'a channel: values from one task to another, and the errors of the main entry': async () => {
      const [sender, receiver] = sync.channel({ capacity: 1 });
      const sending = core.defaultExecutor.spawn(async () => {
        for (let n = 0; n < 500; n += 1) await sender.send(n);
        sender.close();
      });
      let sum = 0;
      for await (const n of receiver) sum += n;
      await sending;
      assert.equal(sum, 124_750);
      await assert.rejects(sender.send(1), core.ClosedError);
    },
    'HTTP: the protocol alone': () => {
      const connection = new http.HttpConnection('server');
      connection.receive(Buffer.from('GET /x HTTP/1.1\r\nHost: a\r\n\r\n'));
      assert.equal(connection.nextEvent().target, '/x');
    },
    'HTTP: what is loaded when it is asked for': async () => {
      await assert.rejects(http.serve(http.echo(), { prot: 1 }), core.InvalidInputError);
      const server = await http.serve({ fetch: (request) => new Response(request.url) });
      const url = 'http://example.com/memory';
      const response = await server.fetch(url);
      assert.equal(await response.text(), url);
      await server.shutdown({ grace: 1_000 });
    },
  };
  if (cache === undefined) return checks;
  const loaded = () => cache().filter(under);
  return {
    'HTTP: a parser is loaded when it is needed, and one build of it': async () => {
      assert.deepEqual(loaded(), []);
      await checks['HTTP: server and client']();
      assert.equal(loaded().length, 1);
    },
    ...checks,
    'HTTP: the fetch of the platform': async () => {
      const server = await http.serve(http.echo());
      const response = await fetch(server.url, { method: 'POST', body: 'packed' });
      assert.equal(await response.text(), 'echo: packed');
      await server.shutdown({ grace: 1_000 });
    },
  };
}

/** Runs them one after another, and says how many; names the first that fails. */
export async function runAll(checks) {
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
    } catch (error) {
      throw new Error(name, { cause: error });
    }
  }
  console.log(`${Object.keys(checks).length} checks`);
}
