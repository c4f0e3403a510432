/** What does not compile: the compiler fails on each expected error that is none (tsconfig.test.json). */
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { HttpClient } from '../../src/index.ts';
import { call, contract, contractHandler, implement } from '../../src/contract/index.ts';
import { addItem, getItem, listItems, removeItem } from './items.ts';

type Same<A, B> = [A, B] extends [B, A] ? true : false;
const isSame = <A, B>(..._same: Same<A, B> extends true ? [] : [never]): void => {};

/** Compiled, and never called. */
async function calls(client: HttpClient): Promise<void> {
  const listed = await call(client, listItems, {});
  isSame<typeof listed.status, 200>();
  isSame<(typeof listed.body.items)[number]['name'], string>();
  await call(client, listItems, { query: { page: 2, tag: ['a', 'b'] } });
  // @ts-expect-error -- a name that the query does not have
  await call(client, listItems, { query: { pgae: 2 } });
  // @ts-expect-error -- a page that is no number
  await call(client, listItems, { query: { page: {} } });
  // @ts-expect-error -- no parameter in its path
  await call(client, listItems, { params: { id: 7 } });

  const got = await call(client, getItem, { params: { id: 7 } });
  isSame<typeof got.status, 200 | 404>();
  if (got.status === 404) isSame<typeof got.body, { missing: number }>();
  else isSame<typeof got.body.name, string>();
  // @ts-expect-error -- what is there depends on the status
  void got.body.name;
  // @ts-expect-error -- a parameter is missing
  await call(client, getItem, {});
  // @ts-expect-error -- a parameter of another name
  await call(client, getItem, { params: { name: 7 } });
  // @ts-expect-error -- no parameter but a number
  await call(client, getItem, { params: { id: 'seven' } });
  // @ts-expect-error -- GET has no body
  await call(client, getItem, { params: { id: 7 }, body: {} });

  await call(client, addItem, { body: { name: 'bolt' } });
  // @ts-expect-error -- the body is missing
  await call(client, addItem, {});
  // @ts-expect-error -- a name that is no string
  await call(client, addItem, { body: { name: 7 } });
  // @ts-expect-error -- options that a contract decides
  await call(client, addItem, { body: { name: 'bolt' } }, { json: 7 });

  const removed = await call(client, removeItem, { params: { name: 'bolt' } });
  isSame<typeof removed.body, undefined>();
  // @ts-expect-error -- no plain path, but a contract
  await call(client, '/items', {});
}

function implementations(): void {
  implement(getItem, ({ params, query, body }) => {
    isSame<typeof params, { id: number }>();
    isSame<typeof query, undefined>();
    isSame<typeof body, undefined>();
    return { status: 200, body: { id: params.id, name: 'bolt' } };
  });
  implement(addItem, async ({ body }) => {
    isSame<typeof body.bought, Date | undefined>();
    return { status: 201, body: { id: 1, name: body.name }, headers: { Location: '/items/1' } };
  });
  implement(removeItem, ({ params }) => {
    isSame<typeof params.name, string>();
    return { status: 204 };
  });
  // @ts-expect-error -- a status that the contract does not have
  implement(getItem, () => ({ status: 200 + 1, body: {} }));
  // @ts-expect-error -- the body of another status
  implement(getItem, () => ({ status: 404, body: { id: 1, name: 'bolt' } }));
  // @ts-expect-error -- no body
  implement(getItem, () => ({ status: 200 }));
  // @ts-expect-error -- a body where there is none
  implement(removeItem, () => ({ status: 204, body: 'gone' }));
  // @ts-expect-error -- a plain handler has no contract
  contractHandler([() => undefined]);
}

function contracts(): void {
  contract({
    method: 'GET',
    path: '/items/{id}/{part}',
    // @ts-expect-error -- `part` is missing
    params: z.object({ id: z.string() }),
    responses: { 204: null },
  });
  contract({
    method: 'GET',
    path: '/items',
    // @ts-expect-error -- the path has no parameter
    params: z.object({ id: z.string() }),
    responses: { 204: null },
  });
  // @ts-expect-error -- methods are in upper case
  contract({ method: 'get', path: '/', responses: { 204: null } });
  // @ts-expect-error -- a schema is missing
  contract({ method: 'GET', path: '/', responses: { 200: undefined } });
}

describe('contracts that do not hold', () => {
  test('are none: a part that is not in the definition is undefined', () => {
    expect([calls, implementations, contracts].map((each) => typeof each)).toEqual(
      Array(3).fill('function'),
    );
    expect(removeItem.definition).not.toHaveProperty('body');
  });
});
