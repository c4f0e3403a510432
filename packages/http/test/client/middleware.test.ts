/** Middleware: around each request, in order, as often as it likes. */
import { describe, expect, test } from '@jest/globals';
import { AsyncLocalStorage } from 'node:async_hooks';
import { InvalidInputError } from '@awaitio/core';
import { HttpResponse, type Middleware } from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';

const URL_ = 'http://server/';

describe('middleware', () => {
  test('stands around a request, the first one outermost, and may change it', () =>
    simulated(async (world) => {
      await world.serve((request) => HttpResponse.text(String(request.headers.get('x'))));
      const seen: string[] = [];
      const named =
        (name: string): Middleware =>
        async ({ options, ...request }, next) => {
          seen.push(`${name} ${request.method}`);
          const headers = { x: `${(options.headers as { x?: string })?.x ?? ''}${name}` };
          const response = await next({ ...request, options: { ...options, headers } });
          seen.push(`${name} ${response.status}`);
          return response;
        };
      const client = world.client({ middleware: [named('a'), named('b')] });
      expect(await (await client.get(URL_)).text()).toBe('ab');
      expect(seen).toEqual(['a GET', 'b GET', 'b 200', 'a 200']);
    }));

  test('may send a request again, with a fresh token for instance', () =>
    simulated(async (world) => {
      await world.serve((request) =>
        HttpResponse.text('x', {
          status: request.headers.get('authorization') === 'Bearer new' ? 200 : 401,
        }),
      );
      let token = 'old';
      const auth: Middleware = async (request, next) => {
        const withToken = () =>
          next({ ...request, options: { ...request.options, auth: { bearer: token } } });
        const response = await withToken();
        if (response.status !== 401) return response;
        response.discard();
        token = 'new';
        return withToken();
      };
      expect((await world.client({ middleware: [auth] }).get(URL_)).status).toBe(200);
    }));

  test('sees the store of its caller, and what it enters is seen by the rest of its request alone', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.text('x'));
      const storage = new AsyncLocalStorage<string>();
      const seen: unknown[] = [];
      const enters: Middleware = async (request, next) => {
        seen.push(storage.getStore());
        storage.enterWith('entered');
        const response = await next(request);
        seen.push(storage.getStore());
        return response;
      };
      const looks: Middleware = (request, next) => {
        seen.push(storage.getStore());
        return next(request);
      };
      const client = world.client({ middleware: [enters, looks] });
      await storage.run('caller', async () => {
        const asked = client.get(URL_);
        seen.push(storage.getStore());
        await (await asked).text();
        seen.push(storage.getStore());
      });
      expect(seen).toEqual(['caller', 'entered', 'caller', 'entered', 'caller']);
    }));

  test('that fails fails the request, with its reason', () =>
    simulated(async (world) => {
      const reason = new RangeError('no');
      const client = world.client({ middleware: [() => Promise.reject(reason)] });
      await expect(client.get(URL_)).rejects.toBe(reason);
    }));

  test.each([undefined, null, 5, 'x'])('may not send %p on', (request) =>
    simulated(async (world) => {
      const client = world.client({ middleware: [(_request, next) => next(request as never)] });
      const refused = { name: 'InvalidInputError', message: /^next: expected `request` to be the/ };
      await expect(client.get(URL_)).rejects.toMatchObject({ name: refused.name });
      await expect(client.get(URL_)).rejects.toThrow(refused.message);
    }),
  );

  test.each([undefined, null, {}, 5])('may not answer with %p', (answer) =>
    simulated(async (world) => {
      const client = world.client({ middleware: [() => answer as never] });
      await expect(client.get(URL_)).rejects.toThrow(InvalidInputError);
    }),
  );
});
