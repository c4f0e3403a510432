/**
 * HTTP that calls HTTP: a shop whose gateway asks a bank to charge and a store to reserve, and undoes the first when the second says no.
 *
 * Each order is charged and reserved once, or neither, however often a customer or the gateway has to ask again.
 */

import type { SimHost, Simulation } from '@awaitio/core/testing';
import { BREAKING, check, type Protocol } from '../../../core/test/testbed/protocol.ts';
import { HttpClient, HttpResponse, serve, type Handler } from '../../src/index.ts';

/** Of one attempt, in milliseconds: between services, and of a customer. */
const INNER_TIMEOUT = 250;
const TIMEOUT = 2_000;
const STOCK = 2;
const ORDERS = ['one', 'two', 'three'];

/** What happened to the money and the goods. */
class Ledger {
  readonly #sim: Simulation;
  readonly charges: string[] = [];
  readonly refunds: string[] = [];
  readonly reserved: string[] = [];

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  /** The book is next door. */
  look(): Promise<void> {
    return this.#sim.clock.sleep(this.#sim.random.integer(1, 150));
  }
}

/** The work for each key, done once: further requests with the key get the answer of the first. */
class Once<T> {
  readonly #results = new Map<string, Promise<T>>();

  /** @param keepsFailures - Whether what failed fails forever: a planted bug. */
  async do(key: string, work: () => Promise<T>, keepsFailures = false): Promise<T> {
    const result = this.#results.get(key) ?? work();
    this.#results.set(key, result);
    try {
      return await result;
    } catch (error) {
      if (!keepsFailures && this.#results.get(key) === result) this.#results.delete(key);
      throw error;
    }
  }
}

function bank(ledger: Ledger, bug: string | undefined): Handler {
  const once = new Once<void>();
  const seen = new Set<string>();
  const charge = async (id: string): Promise<void> => {
    await ledger.look();
    ledger.charges.push(id);
  };
  return async (request) => {
    const [, action, id = ''] = request.path.split('/');
    const key = request.headers.get('idempotency-key');
    if (action === 'refund') {
      await once.do(`refund ${id}`, async () => {
        await ledger.look();
        ledger.refunds.push(id);
      });
    } else if (bug === 'looks at a key too early') {
      if (!seen.has(id)) await charge(id);
      seen.add(id);
    } else if (key === null) {
      await charge(id);
    } else {
      await once.do(key, () => charge(id));
    }
    return HttpResponse.text('charged');
  };
}

function store(ledger: Ledger, bug: string | undefined): Handler {
  const once = new Once<boolean>();
  let left = STOCK;
  const reserve = async (id: string): Promise<boolean> => {
    const before = left;
    if (bug === 'counts in two steps') await ledger.look();
    if (before === 0) return false;
    left = before - 1;
    ledger.reserved.push(id);
    return true;
  };
  return async (request) => {
    const id = request.path.slice('/reserve/'.length);
    const isReserved = await once.do(id, () => reserve(id));
    return HttpResponse.text(isReserved ? 'reserved' : 'sold out', {
      status: isReserved ? 200 : 409,
    });
  };
}

/** Asks again until there is an answer. */
async function insist(
  sim: Simulation,
  ask: () => Promise<{ readonly status: number }>,
  attempts: number,
): Promise<number> {
  let last: unknown;
  for (let turn = 0; turn < attempts; turn += 1) {
    try {
      const { status } = await ask();
      if (status < 500) return status;
      last = status;
    } catch (error) {
      const { code } = error as { readonly code?: unknown };
      if (typeof code !== 'string' || code === 'ERR_INVALID_INPUT') throw error;
      last = error;
    }
    await sim.clock.sleep(20);
  }
  throw new Error(`no answer in ${attempts} attempts`, { cause: last });
}

function clientOf(sim: Simulation, host: SimHost, total = TIMEOUT): HttpClient {
  const { clock, random } = sim;
  const { connect } = host;
  // It would ask for the codings that the running Node has, which differ from one line to the next, and so would the hash.
  const decompress = false;
  return new HttpClient({ connect, clock, random, decompress, deadlines: { total } });
}

function gateway(sim: Simulation, client: HttpClient, bug: string | undefined): Handler {
  const once = new Once<HttpResponse>();
  const post = async (url: string, key?: string): Promise<{ readonly status: number }> => {
    const response = await client.post(url, undefined, {
      headers: key === undefined ? {} : { 'idempotency-key': key },
    });
    await response.text();
    return response;
  };
  const order = async (id: string): Promise<HttpResponse> => {
    const key = bug === 'repeats a charge without a key' ? undefined : `charge ${id}`;
    await insist(sim, () => post(`http://bank/charge/${id}`, key), 3);
    const reserve = () => post(`http://store/reserve/${id}`);
    const reserved =
      bug === 'takes silence for a refusal'
        ? await reserve().then(
            ({ status }) => status,
            () => 409,
          )
        : await insist(sim, reserve, 3);
    if (reserved === 409) {
      if (bug !== 'does not refund') {
        await insist(sim, () => post(`http://bank/refund/${id}`), 100);
      }
      return HttpResponse.text('sold out', { status: 409 });
    }
    return HttpResponse.text('ordered', { status: 201 });
  };
  return async (request) => {
    const id = request.path.slice('/orders/'.length);
    try {
      return await once.do(id, () => order(id), bug === 'keeps a failure');
    } catch {
      return HttpResponse.text('ask again', { status: 503 });
    }
  };
}

async function serveOn(sim: Simulation, name: string, handler: Handler): Promise<void> {
  const { clock, executor } = sim;
  const listener = await sim.host(name).listen(80);
  await serve(handler, { listener, clock, executor, onError: () => {} });
}

function checkOrder(ledger: Ledger, id: string, status: number): void {
  const count = (list: readonly string[]): number => list.filter((entry) => entry === id).length;
  const paid = count(ledger.charges) - count(ledger.refunds);
  const reserved = count(ledger.reserved);
  const expected = status === 201 ? 1 : 0;
  check(
    paid === expected && reserved === expected && count(ledger.charges) <= 1,
    `order ${id} was answered with ${status}: charged ${count(ledger.charges)} times, ` +
      `refunded ${count(ledger.refunds)} times, reserved ${reserved} times`,
  );
}

export const orders: Protocol = {
  name: 'a shop of three services',
  bugs: {
    'repeats a charge without a key': 'a charge whose answer was lost is charged again',
    'looks at a key too early': 'two charges at once with one key are both carried out',
    'does not refund': 'an order that is sold out stays charged',
    'takes silence for a refusal': 'a reservation whose answer was lost is refunded and kept',
    'keeps a failure': 'an order that failed once fails forever',
    'counts in two steps': 'more is sold than there is',
  },
  quick: ['does not refund'],
  program: (bug) => async (sim) => {
    const ledger = new Ledger(sim);
    const inner = clientOf(sim, sim.host('gateway'), INNER_TIMEOUT);
    await serveOn(sim, 'bank', bank(ledger, bug));
    await serveOn(sim, 'store', store(ledger, bug));
    await serveOn(sim, 'gateway', gateway(sim, inner, bug));
    const customers = ORDERS.map((id) =>
      sim.executor.spawn(
        async () => {
          const client = clientOf(sim, sim.host(`customer-${id}`));
          const ask = async (): Promise<{ readonly status: number }> => {
            const response = await client.post(`http://gateway/orders/${id}`);
            await response.text();
            return response;
          };
          const status = await insist(sim, ask, 100);
          await client.close();
          return { id, status };
        },
        { name: `customer ${id}` },
      ),
    );
    const answers = await Promise.all(customers);
    await inner.close();
    for (const { id, status } of answers) checkOrder(ledger, id, status);
    check(ledger.reserved.length <= STOCK, `${ledger.reserved.length} were sold of ${STOCK}`);
  },
  faults: BREAKING,
};
