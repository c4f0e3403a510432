import { describe, expect, test } from '@jest/globals';
import { HttpResponse, type HttpRequest } from '../../index.ts';
import { fetched } from '../../../test/support/fetched.ts';
import { basicAuth, basicAuthUser, type BasicAuthOptions } from './basic-auth.ts';

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

async function ask(
  options: BasicAuthOptions,
  authorization?: string | readonly string[],
): Promise<{ status: number; body: string; challenge: string | null; errors: readonly unknown[] }> {
  const handler = basicAuth((request) => HttpResponse.text(basicAuthUser(request) ?? '?'), options);
  const headers = [authorization ?? []]
    .flat()
    .map((value) => ['Authorization', value] as [string, string]);
  const { answer, body, errors } = await fetched(handler, { headers });
  const challenge = answer.headers.get('www-authenticate');
  return { status: answer.status, body, challenge, errors };
}

const USERS = { users: { ada: 'secret', ключ: 'пароль', 'Ame\u0301lie': 'x', e: ' : ' } };

describe('a request', () => {
  test.each([
    ['a name and a password', basic('ada:secret'), 'ada'],
    ['the scheme in another case', basic('ada:secret').replace('Basic', 'bASIC'), 'ada'],
    ['UTF-8', basic('ключ:пароль'), 'ключ'],
    ['another normal form', basic('Am\u00e9lie:x'), 'Am\u00e9lie'],
    ['colons and blanks in the password', basic('e: : '), 'e'],
    ['no padding', basic('ada:secret').replace(/=+$/, ''), 'ada'],
  ])('comes through with %s', async (_name, authorization, name) => {
    expect(await ask(USERS, authorization)).toMatchObject({ status: 200, errors: [] });
    expect(Buffer.from((await ask(USERS, authorization)).body).toString()).toBe(name);
  });

  test.each<[string, string | readonly string[] | undefined]>([
    ['nothing', undefined],
    ['another scheme', 'Bearer abc'],
    ['no credentials', 'Basic'],
    ['an unknown name', basic('eve:secret')],
    ['a wrong password', basic('ada:Secret')],
    ['an empty password', basic('ada:')],
    ['an empty password of nobody', basic('nobody:')],
    ['the beginning of a password', basic('ada:secre')],
    ['no colon', basic('ada')],
    ['a name of the prototype', basic('toString:x')],
    ['what is no base64', 'Basic ada:secret'],
    ['bytes that are no UTF-8', `Basic ${Buffer.from('ad\xff:x', 'latin1').toString('base64')}`],
    ['a control character', basic('ada:sec\0ret')],
    ['two fields', [basic('ada:secret'), basic('ada:secret')]],
    ['text behind it', `${basic('ada:secret')} x`],
  ])('is challenged with %s', async (_name, authorization) => {
    expect(await ask(USERS, authorization)).toMatchObject({
      status: 401,
      challenge: 'Basic realm="Restricted", charset="UTF-8"',
      errors: [],
    });
  });

  test('is challenged in a realm, which is quoted', async () => {
    const { challenge } = await ask({ ...USERS, realm: 'a "b" \\c' });
    expect(challenge).toBe(String.raw`Basic realm="a \"b\" \\c", charset="UTF-8"`);
  });

  test('is checked by the program', async () => {
    const check = async (name: string, password: string, request: HttpRequest): Promise<boolean> =>
      `${request.method} ${name} ${password}` === 'GET a b';
    expect((await ask({ check }, basic('a:b'))).status).toBe(200);
    expect((await ask({ check }, basic('a:c'))).status).toBe(401);
    expect((await ask({ check: () => 'yes' as never }, basic('a:b'))).status).toBe(401);
  });
});

describe('options', () => {
  const handler = (): HttpResponse => HttpResponse.text('hi');

  test.each<[string, BasicAuthOptions]>([
    ['neither users nor a check', {}],
    ['both', { users: {}, check: () => true }],
    ['a name with a colon', { users: { 'a:b': 'x' } }],
    ['an empty password', { users: { a: '' } }],
    ['a realm with a line end', { users: {}, realm: 'a\r\nb' }],
  ])('refuse %s, and say no password', (_name, options) => {
    expect(() => basicAuth(handler, options)).toThrow(/^basicAuth: expected /);
    expect(() => basicAuth(handler, { users: { a: 'SECRET', 'b:c': 'SECRET' } })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('SECRET') }),
    );
  });
});
