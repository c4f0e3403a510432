/** Ten programs with a bug each, and what the page of its failure has to say. */
import { Mutex } from '../../../packages/core/dist/sync/index.js';
import { CALM } from '../../../packages/core/dist/testing/index.js';

const MESSAGES = ['one '.repeat(20), 'two '.repeat(20), 'three '.repeat(20)];

/** A client sends lines, a server answers each with `ok <line>`. */
function lines({
  readLine = (stream) => stream.readLine(),
  send = (stream, text) => stream.writeAll(text),
  makeInbox = inbox,
} = {}) {
  return async (sim) => {
    const listener = await sim.host('server').listen(80);
    sim.executor.spawn(
      async () => {
        for await (const stream of listener) {
          for (;;) {
            const line = await readLine(stream, sim);
            if (line === null) break;
            await send(stream, `ok ${line}\n`);
          }
          await stream.close();
        }
      },
      { name: 'answerer' },
    );
    const stream = await sim.host('client').connect('server:80');
    const answers = makeInbox();
    const receiver = sim.executor.spawn(
      async () => {
        for (let line = await stream.readLine(); line !== null; line = await stream.readLine())
          answers.put(line);
      },
      { name: 'receiver' },
    );
    for (const message of MESSAGES) {
      await stream.writeAll(`${message}\n`);
      await sim.clock.sleep(sim.random.integer(0, 15));
      const answer = await answers.take();
      if (answer !== `ok ${message}`)
        throw new Error(`expected an answer to "${message}", got "${answer}"`);
    }
    await stream.shutdown('write');
    await receiver;
    await stream.close();
  };
}

function inbox() {
  const answers = [];
  let waiting;
  return {
    put(answer) {
      if (waiting === undefined) answers.push(answer);
      else waiting(answer);
      waiting = undefined;
    },
    take() {
      const answer = answers.shift();
      if (answer !== undefined) return Promise.resolve(answer);
      return new Promise((resolve) => {
        waiting = resolve;
      });
    },
  };
}

const lost = new WeakMap();

/** @type {{ name: string, options?: object, main: (sim: any) => Promise<void>, expects: RegExp[] }[]} */
export const PROGRAMS = [
  {
    name: 'a request in two pieces loses its second',
    main: lines({
      readLine: async (stream) => {
        const queue = lost.get(stream) ?? [];
        lost.set(stream, queue);
        while (queue.length === 0) {
          const chunk = await stream.readChunk();
          if (chunk === null) return null;
          queue.push(...Buffer.from(chunk).toString().split('\n').slice(0, -1));
        }
        return queue.shift();
      },
    }),
    expects: [/in \d+ pieces|several pieces/],
  },
  {
    name: 'a write that was taken in part is not continued',
    main: lines({
      send: async (stream, text) => {
        await stream.writable();
        stream.tryWrite(text);
      },
    }),
    expects: [/No line end is behind it/],
  },
  {
    name: 'a read that is given up eats a byte',
    main: lines({
      readLine: async (stream, sim) => {
        let line = '';
        for (;;) {
          const reading = stream.readExactly(1).catch(() => null);
          const byte = await Promise.race([reading, sim.clock.sleep(20)]);
          if (byte === undefined) {
            await reading;
            continue;
          }
          if (byte === null) return null;
          const character = String.fromCharCode(byte[0] ?? 0);
          if (character === '\n') return line;
          line += character;
        }
      },
    }),
    expects: [/expected an answer to "(?:one|two|three)/, /note, a timer/],
  },
  {
    name: 'an answer that comes early is lost',
    main: lines({
      makeInbox: () => {
        let wake;
        return {
          put: (answer) => wake?.(answer),
          take: () =>
            new Promise((resolve) => {
              wake = resolve;
            }),
        };
      },
    }),
    expects: [/The main program waits for a promise that it has made itself/],
  },
  {
    name: 'the server crashes, and the client does not try again',
    options: { faults: { crash: 0.1 }, giveUpAfter: 2_000 },
    main: lines(),
    expects: [/crash of server/, /the host server crashed/],
  },
  {
    name: 'a peer that has gone silent is waited for without a limit',
    options: { faults: { ...CALM, halfOpen: 0.1 }, giveUpAfter: Infinity },
    main: lines(),
    expects: [/silence/, /never arrived/],
  },
  {
    name: 'half of a document is parsed',
    main: async (sim) => {
      const listener = await sim.host('store').listen(7);
      sim.executor.spawn(
        async () => {
          for await (const stream of listener) {
            const chunk = await stream.readChunk();
            JSON.parse(Buffer.from(chunk ?? []).toString());
            await stream.close();
          }
        },
        { name: 'importer' },
      );
      const stream = await sim.host('client').connect('store:7');
      await stream.writeAll(JSON.stringify({ customer: 'Ann', items: [1, 2, 3, 4, 5, 6, 7, 8] }));
      await stream.shutdown('write');
      while ((await stream.readChunk()) !== null);
      await stream.close();
    },
    expects: [/importer.*failed: SyntaxError/],
  },
  {
    name: 'two locks are taken in two orders',
    main: async (sim) => {
      const [accounts, journal] = ['accounts', 'journal'].map(
        (name) => new Mutex(undefined, { clock: sim.clock, name }),
      );
      const work = async (first, second) => {
        const one = await first.lock();
        await sim.clock.sleep(sim.random.integer(1, 10));
        const two = await second.lock();
        two.release();
        one.release();
      };
      const tasks = [
        sim.executor.spawn(() => work(accounts, journal), { name: 'transfer' }),
        sim.executor.spawn(() => work(journal, accounts), { name: 'audit' }),
      ];
      for (const task of tasks) await task;
    },
    expects: [/transfer.*mutex "journal"/, /audit.*mutex "accounts"/],
  },
  {
    name: 'a client asks for ever where nothing listens',
    options: { deadline: 5_000 },
    main: async (sim) => {
      sim.host('database');
      for (let attempt = 1; ; attempt += 1) {
        try {
          const stream = await sim.host('shop').connect('database:5432');
          await stream.close();
          return;
        } catch (error) {
          sim.log(`attempt ${attempt}: ${error.code}`);
          await sim.clock.sleep(500);
        }
      }
    },
    expects: [/deadline of 5000 ms/, /connection refused: shop → database:5432 ECONNREFUSED/],
  },
  {
    name: 'two clients overwrite each other',
    main: async (sim) => {
      let stock = 0;
      const listener = await sim.host('store').listen(7);
      sim.executor.spawn(async () => {
        for await (const stream of listener) {
          sim.executor.spawn(
            async () => {
              for (
                let line = await stream.readLine();
                line !== null;
                line = await stream.readLine()
              ) {
                const [verb, value] = line.split(' ');
                if (verb === 'SET') stock = Number(value);
                await stream.writeAll(`${stock}\n`);
              }
              await stream.close();
            },
            { name: 'connection' },
          );
        }
      });
      const addOne = async (name) => {
        const stream = await sim.host(name).connect('store:7');
        await stream.writeAll('GET\n');
        const now = Number(await stream.readLine());
        await stream.writeAll(`SET ${now + 1}\n`);
        await stream.readLine();
        await stream.close();
      };
      await Promise.all([addOne('anna'), addOne('bert')]);
      if (stock !== 2) throw new Error(`two clients have added 1 each: expected 2, got ${stock}`);
    },
    expects: [/expected 2, got 1/, /SET 1/],
  },
];
