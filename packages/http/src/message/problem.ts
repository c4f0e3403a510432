/** Errors with a response: `application/problem+json` (RFC 9457). */

import { InvalidInputError } from '@awaitio/core';
import { checkOptions, invalidInput, rules, type OptionTable } from '@awaitio/core/lowlevel';
import { jsonOf } from './json-text.ts';
import { fieldList, type HeadersInput } from '../protocol/vocabulary/fields.ts';
import { reasonOf } from '../protocol/vocabulary/status-codes.ts';
import { loadWebClasses } from '../protocol/vocabulary/web-classes.ts';

/** One violation in a request. */
export interface ProblemDetail {
  /** Where: `body.user.age`, `query.page`. */
  readonly path: string;
  /** What was expected. For a schema's violation, the message of its library. */
  readonly message: string;
}

/** The optional members of a problem. */
export interface ProblemInit {
  /** What happened in this case, for people. */
  readonly detail?: string | undefined;
  /** A URI that identifies the kind of problem. @default 'about:blank' */
  readonly type?: string | undefined;
  /** What kind of problem it is, for people; the same for every problem of a `type`. @default the status's reason phrase */
  readonly title?: string | undefined;
  /** A URI that identifies this occurrence. */
  readonly instance?: string | undefined;
  readonly errors?: readonly ProblemDetail[] | undefined;
  /** Further members of the document: `balance`, `retryAfterSeconds`. Their values must be JSON. */
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
  /** Header fields of the response, such as `WWW-Authenticate` or `Retry-After`. */
  readonly headers?: HeadersInput | undefined;
  readonly cause?: unknown;
}

const PROBLEM_INIT: OptionTable<ProblemInit> = {
  detail: rules.string,
  type: rules.text,
  title: rules.text,
  instance: rules.text,
  errors: { expected: 'a list of { path, message }', accepts: (value) => Array.isArray(value) },
  extensions: rules.object,
  headers: { ...rules.object, isSecret: true },
  cause: rules.any,
};

/** The members that are not extensions. */
const OWN_MEMBERS = ['type', 'title', 'status', 'detail', 'instance', 'errors'];

/**
 * An error that becomes a response, with its status and a problem document, when a handler throws it.
 *
 * @example
 * ```ts
 * import { HttpProblem, serve } from '@awaitio/http';
 *
 * const server = await serve(
 *   () => {
 *     throw new HttpProblem(404, { detail: 'there is no such thing' });
 *   },
 *   { port: 0 },
 * );
 * const answer = await fetch(server.url);
 * console.log(answer.status, answer.headers.get('content-type')); // 404 application/problem+json
 * await server.shutdown();
 * ```
 */
export class HttpProblem extends Error {
  override name = 'HttpProblem';
  readonly status: number;
  readonly detail: string | undefined;
  readonly type: string;
  readonly title: string;
  readonly instance: string | undefined;
  readonly errors: readonly ProblemDetail[];
  readonly extensions: Readonly<Record<string, unknown>>;
  readonly headers: HeadersInput | undefined;

  /**
   * @param status - 400 to 599.
   * @throws `InvalidInputError` for another status, a wrong option, or an extension with the name of another member.
   */
  constructor(status: number, init?: ProblemInit) {
    checkProblem(status, init);
    super(
      init?.detail ?? init?.title ?? reasonOf(status),
      init?.cause === undefined ? undefined : { cause: init.cause },
    );
    this.status = status;
    this.detail = init?.detail;
    this.type = init?.type ?? 'about:blank';
    this.title = init?.title ?? reasonOf(status);
    this.instance = init?.instance;
    this.errors = init?.errors ?? [];
    this.extensions = init?.extensions ?? {};
    this.headers = init?.headers;
  }

  /**
   * The response of the web's kind, for frameworks that make the response to an error themselves: Hono calls this method.
   *
   * @throws `LocalProtocolError` for a header that must not be sent; `InvalidInputError` for extensions that are no JSON; `Error` where Node
   * cannot load its `Response`, as under `--jitless`.
   */
  getResponse(): Response {
    loadWebClasses('getResponse');
    const headers = new globalThis.Headers({ 'content-type': 'application/problem+json' });
    const fields = fieldList(this.headers);
    for (let at = 0; at < fields.length; at += 2) {
      headers.append(fields[at] as string, fields[at + 1] as string);
    }
    return new Response(jsonOf(this), { status: this.status, headers });
  }

  /** The problem document of RFC 9457 section 3. */
  toJSON(): Readonly<Record<string, unknown>> {
    const { type, title, status, detail, instance, errors, extensions } = this;
    return {
      type,
      title,
      status,
      ...(detail === undefined ? {} : { detail }),
      ...(instance === undefined ? {} : { instance }),
      ...(errors.length === 0 ? {} : { errors }),
      ...extensions,
    };
  }
}

function checkProblem(status: number, init: ProblemInit | undefined): void {
  if (!Number.isInteger(status) || status < 400 || status > 599) {
    throw invalidInput('HttpProblem', 'status', 'a whole number from 400 to 599', status);
  }
  if (init === undefined) return;
  checkOptions('HttpProblem', init, PROBLEM_INIT);
  const taken = OWN_MEMBERS.find((name) => Object.hasOwn(init.extensions ?? {}, name));
  if (taken === undefined) return;
  throw new InvalidInputError(
    `HttpProblem: expected \`extensions\` to have other names, got \`${taken}\`, which is an option`,
    'HttpProblem',
  );
}
