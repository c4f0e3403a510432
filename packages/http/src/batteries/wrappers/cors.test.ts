import { describe, expect, test } from '@jest/globals';
import { HttpProblem, HttpResponse, type Handler } from '../../index.ts';
import { fetched } from '../../../test/support/fetched.ts';
import { cors, type CorsOptions } from './cors.ts';

const PAGE = 'https://app.example';
const hello: Handler = () => HttpResponse.text('hi');

async function ask(
  options: CorsOptions | undefined,
  headers: Record<string, string>,
  method = 'GET',
  handler = hello,
): Promise<{
  status: number;
  fields: Record<string, string>;
  body: string;
  errors: readonly unknown[];
}> {
  const init = { method, headers };
  const { answer, body, errors } = await fetched(cors(handler, options), init);
  const fields = Object.fromEntries(
    [...answer.headers].filter(([name]) => name === 'vary' || name.startsWith('access-control-')),
  );
  return { status: answer.status, fields, body, errors };
}

const preflight = (more: Record<string, string> = {}): Record<string, string> => ({
  Origin: PAGE,
  'Access-Control-Request-Method': 'PUT',
  ...more,
});

describe('a response to a page of another origin', () => {
  test.each<[string, CorsOptions | undefined, Record<string, string>, Record<string, string>]>([
    ['every one, by default', undefined, { Origin: PAGE }, { 'access-control-allow-origin': '*' }],
    ['every one, also without an Origin', undefined, {}, { 'access-control-allow-origin': '*' }],
    [
      'one of a list',
      { origins: ['https://b.example', PAGE] },
      { Origin: PAGE },
      { 'access-control-allow-origin': PAGE, vary: 'Origin' },
    ],
    ['none of a list', { origins: ['https://b.example'] }, { Origin: PAGE }, { vary: 'Origin' }],
    [
      'one that only begins so',
      { origins: [PAGE] },
      { Origin: `${PAGE}.evil.test` },
      { vary: 'Origin' },
    ],
    [
      'one in another case',
      { origins: [PAGE] },
      { Origin: PAGE.toUpperCase() },
      { vary: 'Origin' },
    ],
    ['the null origin', { origins: [PAGE] }, { Origin: 'null' }, { vary: 'Origin' }],
    ['no origin and a list', { origins: [PAGE] }, {}, { vary: 'Origin' }],
    [
      'one that a function allows',
      { origins: (origin) => origin === PAGE },
      { Origin: PAGE },
      { 'access-control-allow-origin': PAGE, vary: 'Origin' },
    ],
    [
      'one that a function allows later',
      { origins: async () => true },
      { Origin: PAGE },
      { 'access-control-allow-origin': PAGE, vary: 'Origin' },
    ],
    [
      'one to which a function says something else than true',
      { origins: () => 1 as never },
      { Origin: PAGE },
      { vary: 'Origin' },
    ],
    [
      'with credentials',
      { origins: [PAGE], credentials: true },
      { Origin: PAGE },
      {
        'access-control-allow-origin': PAGE,
        'access-control-allow-credentials': 'true',
        vary: 'Origin',
      },
    ],
    [
      'without credentials where it is not allowed',
      { origins: [PAGE], credentials: true },
      { Origin: 'https://b.example' },
      { vary: 'Origin' },
    ],
    [
      'with fields to be read',
      { exposedHeaders: ['ETag', 'X-One'] },
      { Origin: PAGE },
      { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'ETag, X-One' },
    ],
  ])('is for %s', async (_name, options, headers, fields) => {
    expect(await ask(options, headers)).toEqual({ status: 200, fields, body: 'hi', errors: [] });
  });

  test('keeps a Vary of the handler, and replaces what it says of origins', async () => {
    const handler: Handler = () =>
      HttpResponse.text('hi', {
        headers: { Vary: 'Accept', 'Access-Control-Allow-Origin': 'https://b.example' },
      });
    const { fields } = await ask({ origins: [PAGE] }, { Origin: PAGE }, 'GET', handler);
    expect(fields).toEqual({ 'access-control-allow-origin': PAGE, vary: 'Accept, Origin' });
  });

  test('leaves a response that is returned again and again as it is', async () => {
    const always = HttpResponse.text('hi');
    const { fields } = await ask(undefined, {}, 'GET', () => always);
    expect([fields, always.fields.length]).toEqual([{ 'access-control-allow-origin': '*' }, 2]);
  });

  test.each<[string, Handler]>([
    [
      'thrown',
      () => {
        throw new HttpProblem(404);
      },
    ],
    [
      'thrown later',
      async () => {
        throw new HttpProblem(404);
      },
    ],
  ])('can be read when it is a problem that was %s', async (_name, handler) => {
    const answer = await ask(undefined, { Origin: PAGE }, 'GET', handler);
    expect(answer).toMatchObject({
      status: 404,
      fields: { 'access-control-allow-origin': '*' },
      errors: [],
    });
  });

  test('is the server’s own when the handler fails otherwise', async () => {
    const failure = new Error('broken');
    const answer = await ask(undefined, { Origin: PAGE }, 'GET', () => {
      throw failure;
    });
    expect(answer).toMatchObject({ status: 500, fields: {}, errors: [failure] });
  });
});

describe('a preflight', () => {
  const never: Handler = () => {
    throw new Error('the handler is not asked');
  };

  test.each<[string, CorsOptions | undefined, Record<string, string>, Record<string, string>]>([
    [
      'the usual methods',
      undefined,
      preflight(),
      {
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'GET, HEAD, PUT, PATCH, POST, DELETE',
        vary: 'Access-Control-Request-Headers',
      },
    ],
    [
      'the fields that are asked for',
      undefined,
      preflight({ 'Access-Control-Request-Headers': 'content-type,x-one' }),
      {
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'GET, HEAD, PUT, PATCH, POST, DELETE',
        'access-control-allow-headers': 'content-type,x-one',
        vary: 'Access-Control-Request-Headers',
      },
    ],
    [
      'the methods, fields and age of its options',
      {
        origins: [PAGE],
        credentials: true,
        methods: ['PUT'],
        allowedHeaders: ['X-One'],
        exposedHeaders: ['X-Two'],
        maxAge: 600,
      },
      preflight({ 'Access-Control-Request-Headers': 'x-two' }),
      {
        'access-control-allow-origin': PAGE,
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'PUT',
        'access-control-allow-headers': 'X-One',
        'access-control-max-age': '600',
        vary: 'Origin',
      },
    ],
    [
      'nothing to an origin that may not',
      { origins: ['https://b.example'], maxAge: 600 },
      preflight(),
      { vary: 'Origin, Access-Control-Request-Headers' },
    ],
    [
      'nothing to names that are none',
      { methods: [], allowedHeaders: undefined },
      preflight({ 'Access-Control-Request-Headers': 'a b, *"' }),
      { 'access-control-allow-origin': '*', vary: 'Access-Control-Request-Headers' },
    ],
    [
      'nothing about private networks',
      { methods: [], allowedHeaders: [] },
      preflight({ 'Access-Control-Request-Private-Network': 'true' }),
      { 'access-control-allow-origin': '*' },
    ],
  ])('is answered with %s', async (_name, options, headers, fields) => {
    const answer = await ask(options, headers, 'OPTIONS', never);
    expect(answer).toEqual({ status: 204, fields, body: '', errors: [] });
  });

  test.each([
    ['has no origin', { 'Access-Control-Request-Method': 'PUT' }],
    ['names no method', { Origin: PAGE }],
  ])('is none when it %s: the handler answers', async (_name, headers) => {
    expect((await ask(undefined, headers, 'OPTIONS')).body).toBe('hi');
  });
});

describe('options', () => {
  test.each<[string, CorsOptions]>([
    ['credentials for every origin', { credentials: true }],
    ['credentials for *', { origins: '*', credentials: true }],
    ['* in a list', { origins: ['*'] }],
    ['the null origin', { origins: ['null'] }],
    ['a path', { origins: ['https://a.example/'] }],
    ['no scheme', { origins: ['a.example'] }],
    ['* as a field', { allowedHeaders: ['*'] }],
    ['a field with a line end', { exposedHeaders: ['a\r\nb'] }],
  ])('refuse %s', (_name, options) => {
    expect(() => cors(hello, options)).toThrow(/^cors: expected /);
  });
});
