/** What is wrong with a form, and the status that says so. Messages are constant sentences: they repeat nothing of the form. */

import { HttpProblem } from '../message/problem.ts';

/** Why a form was refused. `…_LIMIT` names the limit that was reached. */
export type MultipartErrorCode =
  | 'ERR_FORM_TYPE'
  | 'ERR_MULTIPART_BOUNDARY'
  | 'ERR_MULTIPART_DELIMITER'
  | 'ERR_MULTIPART_HEADERS'
  | 'ERR_MULTIPART_DISPOSITION'
  | 'ERR_MULTIPART_ENCODING'
  | 'ERR_MULTIPART_TRUNCATED'
  | 'ERR_MULTIPART_LIMIT'
  | 'ERR_MULTIPART_TIMEOUT';

/** How it is answered (RFC 9110 section 15.5). */
const STATUS: Readonly<Partial<Record<MultipartErrorCode, number>>> = {
  ERR_FORM_TYPE: 415,
  ERR_MULTIPART_LIMIT: 413,
  ERR_MULTIPART_TIMEOUT: 408,
};

/**
 * A form that is malformed (400), beyond a limit (413), too slow (408) or no form (415). A handler that does not catch it
 * answers with its status.
 */
export class MultipartError extends HttpProblem {
  override name = 'MultipartError';
  /** What is wrong, such as `ERR_MULTIPART_BOUNDARY`. */
  readonly code: MultipartErrorCode;
  /** The limit that was reached, such as `partBytes`. */
  readonly limitName: string | undefined;

  constructor(code: MultipartErrorCode, detail: string, limitName?: string) {
    super(STATUS[code] ?? 400, { detail });
    this.code = code;
    this.limitName = limitName;
  }
}

/** More of something than a limit allows. */
export function tooMuch(what: string, limitName: string, limit: number): MultipartError {
  return new MultipartError(
    'ERR_MULTIPART_LIMIT',
    `${what} than ${limit} (\`limits.${limitName}\`)`,
    limitName,
  );
}
