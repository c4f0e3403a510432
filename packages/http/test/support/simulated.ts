/**
 * A server and its clients on a simulated network: what nearly every test here runs in.
 *
 * Time is virtual, so a minute costs nothing and can be measured to the millisecond, and `simulate` fails by itself when
 * anything is left waiting. By default the network is calm and every segment travels 1 ms; a test that wants cut
 * segments, slow readers or resets asks for them.
 */

import { CALM, simulate, type Simulation, type SimulationOptions } from '@awaitio/core/testing';

import {
  HttpClient,
  serve,
  type FetchApplication,
  type Handler,
  type HttpClientOptions,
  type HttpServer,
  type ServeOptions,
} from '../../src/index.ts';
import { Wire } from './wire.ts';

/** What a test is given. */
export class World {
  readonly sim: Simulation;
  /** What the servers reported to `onError`. */
  readonly errors: unknown[] = [];
  readonly #servers: HttpServer[] = [];
  readonly #clients: HttpClient[] = [];
  readonly #wires: Wire[] = [];

  constructor(sim: Simulation) {
    this.sim = sim;
  }

  /** Virtual milliseconds since the beginning. */
  get now(): number {
    return this.sim.clock.now();
  }

  sleep(milliseconds: number): Promise<void> {
    return this.sim.clock.sleep(milliseconds);
  }

  /** Serves on the host `server`, port 80. */
  async serve(
    handler: Handler | FetchApplication,
    options: ServeOptions = {},
  ): Promise<HttpServer> {
    const { clock, executor } = this.sim;
    const listener = options.listener ?? (await this.sim.host('server').listen(80));
    const onError = (error: unknown): void => {
      this.errors.push(error);
    };
    const server = await serve(handler, { onError, ...options, listener, clock, executor });
    this.#servers.push(server);
    return server;
  }

  /** A raw connection to the server. */
  async connect(to = 'server:80'): Promise<Wire> {
    const wire = new Wire(await this.sim.host('client').connect(to));
    this.#wires.push(wire);
    return wire;
  }

  /** A client on the host `client`. */
  client(options: HttpClientOptions = {}): HttpClient {
    const { connect } = this.sim.host('client');
    const client = new HttpClient({
      connect,
      clock: this.sim.clock,
      random: this.sim.random,
      userAgent: false,
      decompress: false,
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  /** A server that a test plays by hand: gives the raw connections that come to it. */
  async listen(port = 80): Promise<{ accept(): Promise<Wire> }> {
    const listener = await this.sim.host('server').listen(port);
    return {
      accept: async () => {
        const wire = new Wire(await listener.accept());
        this.#wires.push(wire);
        return wire;
      },
    };
  }

  /** Ends what the test left running. */
  async end(): Promise<void> {
    for (const client of this.#clients) await client.close();
    for (const wire of this.#wires) wire.stream.reset();
    for (const server of this.#servers) await server.shutdown({ grace: 1_000 });
  }
}

/** Runs a test on a simulated network. */
export async function simulated(
  test: (world: World) => Promise<void>,
  options: SimulationOptions = {},
): Promise<void> {
  await simulate({ latency: [1, 1], faults: CALM, deadline: 600_000, ...options }, async (sim) => {
    const world = new World(sim);
    await test(world);
    await world.end();
  });
}
