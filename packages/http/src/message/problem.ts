/** Errors with a response: `application/problem+json` (RFC 9457). */

import { reasonOf } from '../protocol/vocabulary/status-codes.ts';

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
  readonly errors?: readonly ProblemDetail[] | undefined;
  readonly cause?: unknown;
}

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
  readonly errors: readonly ProblemDetail[];

  /** @param status - 400 to 599. */
  constructor(status: number, init?: ProblemInit) {
    super(
      init?.detail ?? reasonOf(status),
      init?.cause === undefined ? undefined : { cause: init.cause },
    );
    this.status = status;
    this.detail = init?.detail;
    this.type = init?.type ?? 'about:blank';
    this.errors = init?.errors ?? [];
  }

  /** The problem document of RFC 9457 section 3. */
  toJSON(): Readonly<Record<string, unknown>> {
    const { type, status, detail, errors } = this;
    return {
      type,
      title: reasonOf(status),
      status,
      ...(detail === undefined ? {} : { detail }),
      ...(errors.length === 0 ? {} : { errors }),
    };
  }
}
