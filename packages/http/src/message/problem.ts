/** Failures that have an answer: `application/problem+json` (RFC 9457). */

import { reasonOf } from '../protocol/vocabulary/status-codes.ts';

/** One thing that is wrong with a request. */
export interface ProblemDetail {
  /** Where: `body.user.age`, `query.page`. */
  readonly path: string;
  /** What was expected. It never holds what came. */
  readonly message: string;
}

/** The other members of a problem. */
export interface ProblemInit {
  /** What happened this time, for people. */
  readonly detail?: string | undefined;
  /** A URI that names the kind of problem. @default 'about:blank' */
  readonly type?: string | undefined;
  readonly errors?: readonly ProblemDetail[] | undefined;
  readonly cause?: unknown;
}

/**
 * An error that is answered with its status and a problem document, when a handler throws it or lets it pass.
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

  /** The problem as the document that RFC 9457 section 3 describes. */
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
