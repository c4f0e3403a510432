/** Schemas at the door: what passes is typed, what does not is answered with a list of what is wrong. */
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { HttpResponse, ResponseSchemaError, type Schema } from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';

const Order = z.object({
  id: z.number().int(),
  items: z.array(z.object({ name: z.string().min(1), count: z.number().positive() })),
});
const Page = z.object({
  page: z.coerce.number().int().min(1),
  tag: z.union([z.string(), z.array(z.string())]).optional(),
});

describe('a body that a schema checks', () => {
  test('is given to the handler as the schema makes it', () =>
    simulated(async (world) => {
      await world.serve(async (request) => {
        const { id, items } = await request.json(Order.extend({ id: z.coerce.number() }));
        return HttpResponse.json({ next: id + 1, names: items.map(({ name }) => name) });
      });
      const body = JSON.stringify({ id: '41', items: [{ name: 'bolt', count: 2 }], extra: 1 });
      const response = await world.client().post('http://server/', body);
      expect(await response.json()).toEqual({ next: 42, names: ['bolt'] });
    }));

  test('that is something else is answered with 422 and every thing that is wrong', () =>
    simulated(async (world) => {
      await world.serve(async (request) => {
        await request.json(Order);
        return HttpResponse.text('never');
      });
      const client = world.client();
      const body = JSON.stringify({ id: 'x', items: [{ name: 'bolt', count: 2 }, { name: '' }] });
      const response = await client.post('http://server/', body);
      expect(response.status).toBe(422);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      const problem = (await response.json()) as { errors: { path: string }[] };
      expect(problem).toMatchObject({ status: 422, detail: 'the body does not match its schema' });
      expect(problem.errors.map(({ path }) => path)).toEqual([
        'body.id',
        'body.items[1].name',
        'body.items[1].count',
      ]);
      // It is the client's mistake: `onError` is not called, and the connection stays open.
      expect(world.errors).toEqual([]);
      expect((await client.post('http://server/', '{')).status).toBe(400);
    }));

  test('may be checked by any schema of the standard interface, also a slow one', () =>
    simulated(async (world) => {
      const even: Schema<number> = {
        '~standard': {
          version: 1,
          vendor: 'test',
          validate: async (value) => {
            await world.sleep(10);
            if (typeof value === 'number' && value % 2 === 0) return { value };
            return { issues: [{ message: 'expected an even number', path: [{ key: 'n' }, 0] }] };
          },
        },
      };
      await world.serve(async (request) => HttpResponse.json((await request.json(even)) / 2));
      const client = world.client();
      expect(await (await client.post('http://server/', '84')).json()).toBe(42);
      const problem = await (await client.post('http://server/', '7')).json();
      expect(problem).toMatchObject({
        errors: [{ path: 'body.n[0]', message: 'expected an even number' }],
      });
    }));
});

describe('a query and a form that a schema checks', () => {
  test('become objects in which a name that comes twice holds a list', () =>
    simulated(async (world) => {
      await world.serve(async (request) =>
        HttpResponse.json(
          request.method === 'GET' ? await request.query(Page) : await request.form(Page),
        ),
      );
      const client = world.client();
      const get = async (target: string) => (await client.get(`http://server/${target}`)).json();
      expect(await get('?page=3')).toEqual({ page: 3 });
      expect(await get('?page=3&tag=a&tag=b&tag=c')).toEqual({ page: 3, tag: ['a', 'b', 'c'] });
      expect(await get('?page=0')).toMatchObject({ status: 422, errors: [{ path: 'query.page' }] });
      expect(await get('?__proto__=x')).toMatchObject({ status: 422 });

      const post = async (body: string, type: string) =>
        (await client.post('http://server/', body, { headers: { 'Content-Type': type } })).json();
      const form = 'application/x-www-form-urlencoded';
      expect(await post('page=2&tag=x', form)).toEqual({ page: 2, tag: 'x' });
      expect(await post('tag=x', form)).toMatchObject({ errors: [{ path: 'form.page' }] });
      expect(await post('page=2', 'text/plain')).toMatchObject({
        status: 415,
        detail: 'the body is not a form',
      });
    }));
});

describe('a response that a schema checks', () => {
  test('is typed, or an error that says what is wrong with it', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.json({ id: 7, items: [] }));
      const client = world.client();
      const order = await (await client.get('http://server/')).json(Order);
      expect(order.id + order.items.length).toBe(7);
      const wrong = (await client.get('http://server/')).json(Order.extend({ paid: z.boolean() }));
      await expect(wrong).rejects.toThrow(ResponseSchemaError);
      await expect(wrong).rejects.toMatchObject({ errors: [{ path: 'body.paid' }] });
    }));
});
