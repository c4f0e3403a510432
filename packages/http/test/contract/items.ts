/** Contracts that the tests share: a small shop. */
import { z } from 'zod';
import { contract } from '../../src/contract/index.ts';

export const Item = z
  .object({ id: z.number().int(), name: z.string().min(1), tags: z.array(z.string()).optional() })
  .meta({ id: 'Item' });

export const listItems = contract({
  method: 'GET',
  path: '/items',
  query: z.object({
    page: z.coerce.number().int().min(1).default(1),
    tag: z.union([z.string(), z.array(z.string())]).optional(),
  }),
  responses: { 200: z.object({ page: z.number(), items: z.array(Item) }) },
  operationId: 'listItems',
  summary: 'Lists items.',
});

export const getItem = contract({
  method: 'GET',
  path: '/items/{id}',
  params: z.object({ id: z.coerce.number().int() }),
  responses: { 200: Item, 404: z.object({ missing: z.number() }) },
});

export const addItem = contract({
  method: 'POST',
  path: '/items',
  body: z.object({ name: z.string().min(1), bought: z.coerce.date().optional() }),
  responses: { 201: Item },
});

export const removeItem = contract({
  method: 'DELETE',
  path: '/items/{name}',
  responses: { 204: null, 404: null },
});
