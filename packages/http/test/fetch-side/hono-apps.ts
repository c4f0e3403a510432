/** Small applications of Hono, and requests to them. */

import { Hono, type Context } from 'hono';
import type { FetchApplication } from '../../src/index.ts';
import type { Row } from '../support/fetch-side.ts';

/** The middleware's name, the application, and what it answers. */
export type Rows = readonly (readonly [string, () => FetchApplication, readonly Row[]])[];

export const hello = (c: Context): Response => c.text('hello');
/** What middleware puts into the context. */
interface Known {
  readonly Variables: { readonly language: string; readonly jwtPayload: object };
}
export const app = (build: (hono: Hono<Known>) => unknown): (() => FetchApplication) => {
  return () => {
    const hono = new Hono<Known>();
    build(hono);
    return hono;
  };
};
export const post = (
  body: string | FormData,
  headers: Record<string, string> = {},
): RequestInit => ({
  method: 'POST',
  headers,
  body,
});
export const basic = (text: string): RequestInit => ({
  headers: { authorization: `Basic ${btoa(text)}` },
});
export const LONG = 'again and again '.repeat(200);
export const SECRET = 'a secret of at least thirty-two characters';
