/** Two hosts of a simulation with a connection between them, and code that runs on a host. */

import type { SimListenOptions, Simulation } from '../../src/testing/index.ts';

/** A connection from the host `client`, both ends of it. */
export async function pairOn(sim: Simulation, name = 'server', options?: SimListenOptions) {
  const server = sim.host(name);
  const client = sim.host('client');
  const listener = await server.listen(80, options);
  const there = await client.connect(`${name}:80`);
  const here = await listener.accept();
  return { server, client, listener, there, here };
}

/** Runs a body on a host, and waits for it. */
export async function on<T>(sim: Simulation, host: string, body: () => Promise<T> | T): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    sim.host(host).run(async () => {
      try {
        resolve(await body());
      } catch (error) {
        reject(error);
      }
    });
  });
}
