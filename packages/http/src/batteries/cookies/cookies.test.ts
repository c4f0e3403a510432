import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { CookieSigner } from './cookie-signer.ts';
import { parseCookies } from './parse-cookies.ts';
import { clearCookie, setCookie, type CookieOptions } from './set-cookie.ts';

describe('cookies of a client', () => {
  test.each<[string, Record<string, string>]>([
    ['', {}],
    ['a=b', { a: 'b' }],
    ['a=b; c=d', { a: 'b', c: 'd' }],
    ['a=b;c=d', { a: 'b', c: 'd' }],
    ['  a = b ;\tc\t=\td  ', { a: 'b', c: 'd' }],
    ['a=', { a: '' }],
    ['a=b=c', { a: 'b=c' }],
    ['a', {}],
    ['=b', {}],
    [';;a=b;', { a: 'b' }],
    ['a=1; a=2', { a: '1' }],
    ['a=1; A=2', { a: '1', A: '2' }],
    ['a="b c"', { a: 'b c' }],
    ['a="', { a: '"' }],
    ['a=""', { a: '' }],
    ['a=%C3%BC%3B', { a: 'ü;' }],
    ['a=%', { a: '%' }],
    ['a=%ff', { a: '%ff' }],
    ['%61=b', { '%61': 'b' }],
    ['__proto__=x; toString=y', { ['__proto__']: 'x', toString: 'y' }],
  ])('%j', (header, cookies) => {
    expect([...parseCookies(header)]).toEqual(Object.entries(cookies));
  });

  test('are none without a field', () => {
    expect(parseCookies(undefined).size).toBe(0);
  });
});

const SAFE = 'Path=/; Secure; HttpOnly; SameSite=Lax';

describe('a cookie for a client', () => {
  test.each<[string, string, string, CookieOptions | undefined, string]>([
    ['has safe attributes by default', 'a', 'b', undefined, `a=b; ${SAFE}`],
    ['may be empty', 'a', '', undefined, `a=; ${SAFE}`],
    [
      'is encoded where it has to be',
      'a',
      'ü; b="c",\\ %\r\n',
      undefined,
      `a=%C3%BC%3B%20b=%22c%22%2C%5C%20%25%0D%0A; ${SAFE}`,
    ],
    [
      'has every attribute',
      'a',
      'b',
      {
        domain: 'example.com',
        path: '/x',
        maxAge: 60,
        expires: new Date('2015-10-21T07:28:00Z'),
        secure: true,
        httpOnly: true,
        sameSite: 'none',
        partitioned: true,
        priority: 'high',
      },
      'a=b; Domain=example.com; Path=/x; Max-Age=60; Expires=Wed, 21 Oct 2015 07:28:00 GMT; Secure; HttpOnly; SameSite=None; Partitioned; Priority=High',
    ],
    [
      'has the attributes that are asked for',
      'a',
      'b',
      { secure: false, httpOnly: false, sameSite: 'strict' },
      'a=b; Path=/; SameSite=Strict',
    ],
    [
      'has no negative age',
      'a',
      'b',
      { maxAge: -5 },
      'a=b; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax',
    ],
    ['keeps the promise of its prefix', '__Host-a', 'b', undefined, `__Host-a=b; ${SAFE}`],
  ])('%s', (_name, name, value, options, expected) => {
    expect(setCookie(name, value, options)).toBe(expected);
  });

  test('is removed where it was set', () => {
    const options: CookieOptions = {
      domain: 'example.com',
      path: '/x',
      maxAge: 60,
      priority: 'low',
    };
    expect(clearCookie('a', options)).toBe(
      'a=; Domain=example.com; Path=/x; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax',
    );
  });

  test.each<[string, string, string, CookieOptions]>([
    ['a name with a blank', 'a b', '', {}],
    ['a name with an equals sign', 'a=', '', {}],
    ['a name with a line end', 'a\r\nX', '', {}],
    ['no name', '', '', {}],
    ['half a character', 'a', '\ud800', {}],
    ['too many bytes', 'a', 'ü'.repeat(683), {}],
    ['a domain with a semicolon', 'a', '', { domain: 'a.example; Path=/' }],
    ['a domain with a port', 'a', '', { domain: 'a.example:80' }],
    ['an empty domain', 'a', '', { domain: '' }],
    ['a path with a semicolon', 'a', '', { path: '/; Domain=b' }],
    ['a path with a line end', 'a', '', { path: '/\r\nX: y' }],
    ['a path without a slash', 'a', '', { path: 'x' }],
    ['a long path', 'a', '', { path: `/${'x'.repeat(1_024)}` }],
    ['half a second', 'a', '', { maxAge: 0.5 }],
    ['no date', 'a', '', { expires: new Date(NaN) }],
    ['a date that no client reads', 'a', '', { expires: new Date('+010000-01-01') }],
    ['None without Secure', 'a', '', { sameSite: 'none', secure: false }],
    ['Partitioned without Secure', 'a', '', { partitioned: true, secure: false }],
    ['__Secure- without Secure', '__Secure-a', '', { secure: false }],
    ['__Host- without Secure', '__Host-a', '', { secure: false }],
    ['__Host- with a domain', '__Host-a', '', { domain: 'a.example' }],
    ['__Host- with a path', '__Host-a', '', { path: '/x' }],
    ['__host- in another case', '__hOST-a', '', { path: '/x' }],
    ['__Http- for scripts', '__Http-a', '', { httpOnly: false }],
    ['__Host-Http- for scripts', '__Host-Http-a', '', { httpOnly: false }],
    ['__Host-Http- with a domain', '__Host-Http-a', '', { domain: 'a.example' }],
  ])('is refused with %s', (_name, name, value, options) => {
    expect(() => setCookie(name, value, options)).toThrow(/^setCookie: expected /);
  });

  test('comes back as it was, whatever its value, and is one field', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (value) => {
        const field = setCookie('a', value, { maxAge: 1 });
        expect(field).toMatch(/^a=[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*; Path=/);
        const [pair] = field.split(';');
        expect(parseCookies(pair).get('a')).toBe(value);
      }),
    );
  });
});

describe('a signed cookie', () => {
  const [first, second] = ['1'.repeat(32), Buffer.alloc(32, 2)];
  const signer = new CookieSigner({ keys: [first] });

  test('is verified for its name, and comes back through a client', async () => {
    const signed = await signer.sign('user', 'ada; 1.5');
    expect(signed).toMatch(/^ada; 1\.5\.[\w-]{43}$/);
    const sent = parseCookies(setCookie('user', signed).split(';')[0]).get('user');
    expect(await signer.verify('user', sent)).toBe('ada; 1.5');
  });

  test('is not verified when anything of it has changed', async () => {
    const signed = await signer.sign('user', 'ada');
    expect(await signer.verify('admin', signed)).toBeUndefined();
    expect(await signer.verify('user', undefined)).toBeUndefined();
    const wrong = [
      '',
      '.',
      'ada',
      'ada.',
      signed.slice(0, -1),
      `${signed}A`,
      `x${signed}`,
      signed.replace('ada', 'eve'),
    ];
    for (const text of wrong) expect(await signer.verify('user', text)).toBeUndefined();
    for (let at = 0; at < signed.length; at += 1) {
      const other = signed.charAt(at) === 'A' ? 'B' : 'A';
      const changed = signed.slice(0, at) + other + signed.slice(at + 1);
      expect(await signer.verify('user', changed)).toBeUndefined();
    }
  });

  test('has one text: the spare bits of the last character count', async () => {
    const signed = await signer.sign('user', 'ada');
    const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const valid = [];
    for (const character of last) {
      const text = signed.slice(0, -1) + character;
      if ((await signer.verify('user', text)) !== undefined) valid.push(text);
    }
    expect(valid).toEqual([signed]);
  });

  test('is verified by an old key, and signed by the new one', async () => {
    const old = await signer.sign('user', 'ada');
    const rotated = new CookieSigner({ keys: [second, first] });
    expect(await rotated.verify('user', old)).toBe('ada');
    const renewed = await rotated.sign('user', 'ada');
    expect(await signer.verify('user', renewed)).toBeUndefined();
    expect(await new CookieSigner({ keys: [second] }).verify('user', old)).toBeUndefined();
  });

  test('is not made of a name and value that give the same text', async () => {
    const signed = await signer.sign('a', 'b=c');
    const [, signature] = /\.([^.]*)$/.exec(signed) ?? [];
    expect(await signer.verify('a=b', `c.${signature}`)).toBe('c');
    // No cookie has such a name.
    expect(parseCookies(`a=b=c.${signature}`).has('a=b')).toBe(false);
  });

  test.each([
    ['no key', []],
    ['a short key', ['SECRET']],
    ['a short one among others', [first, Buffer.alloc(31)]],
  ])('needs a secret: not %s, and no message says it', (_name, keys) => {
    expect(() => new CookieSigner({ keys })).toThrow(
      /^CookieSigner: expected `keys` to be a list of secrets, each of at least 32 bytes, got a value of type object, which is not shown$/,
    );
  });
});
