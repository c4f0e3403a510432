/** A request as a connection sends it: its target resolved, its header fields complete. */

import type { FieldList, HeadersInput } from '../protocol/vocabulary/fields.ts';
import type { RequestBody } from './options.ts';

export interface OutgoingRequest {
  readonly method: string;
  readonly target: string;
  readonly fields: FieldList;
  readonly body: RequestBody | undefined;
  /** The length of a streamed body, when it is known. */
  readonly length: number | undefined;
  readonly trailers: HeadersInput | (() => HeadersInput) | undefined;
  readonly expectContinue: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onInformational:
    | ((status: number, headers: Iterable<[string, string]>) => void)
    | undefined;
}
