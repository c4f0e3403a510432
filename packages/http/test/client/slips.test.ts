/** Slips that are common with other clients, and what their errors advise. */
import { describe, expect, test } from '@jest/globals';
import { HttpClient, serve, type RequestBody } from '../../src/index.ts';
import { events, fileResponse } from '../../src/batteries/index.ts';

const failureOf = async (make: (client: HttpClient) => unknown): Promise<Error> => {
  await using client = new HttpClient();
  return Promise.resolve(make(client)).then(
    () => new Error('none'),
    (error: Error) => error,
  );
};

describe('the error', () => {
  test.each([{ name: 'a' }, { json: { name: 'a' } }, { headers: { a: 'b' } }])(
    'of an object as a body says where JSON and options go: %j',
    async (body) => {
      const { message } = await failureOf((client) =>
        client.post('http://a/', body as unknown as RequestBody),
      );
      expect(message).toMatch(/^request: expected `body` to be .*, got an object \(Object\)/);
      expect(message).toContain('the option `json`; options come after the body');
    },
  );

  test.each(['http://user:SECRET@a/', new URL('http://user:SECRET@a/'), '/SECRET'])(
    'of a URL in the place of the method shows nothing of it: %#',
    async (url) => {
      const { name, message } = await failureOf((client) =>
        client.request(url as string, undefined as never),
      );
      expect(name).toBe('InvalidInputError');
      expect(message).toContain('got a URL: the method comes first');
      expect(message).not.toContain('SECRET');
    },
  );

  test.each(['./ca.pem', ['./ca.pem'], ''])('of a path in the place of `ca` says so: %j', (ca) => {
    expect(() => new HttpClient({ tls: { ca } })).toThrow(
      'expected `tls.ca` to be certificates as PEM: the text of a file, not its path, got a value of type',
    );
  });

  test('of `retries` names the option of the client', () => {
    const options: object = { retries: 3 };
    expect(() => new HttpClient(options)).toThrow('did you mean `retry.attempts`?');
  });

  test('of a request in the place of options says what came', async () => {
    const errors: string[] = [];
    const server = await serve(
      (request) =>
        request.path === '/events' ? events([], request) : fileResponse('package.json', request),
      { onError: (error) => errors.push(String(error)) },
    );
    for (const path of ['events', 'file']) {
      expect((await fetch(`${server.url}${path}`)).status).toBe(500);
    }
    await server.shutdown();
    expect(errors).toEqual([
      expect.stringContaining('events: expected `options` to be an object of options'),
      expect.stringContaining('fileResponse: expected `options` to be an object of options'),
    ]);
  });
});
