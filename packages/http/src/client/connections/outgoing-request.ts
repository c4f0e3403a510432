/** A request as a connection sends it: its target resolved, its header fields complete. */

import type { FieldList, HeadersInput } from '../../protocol/vocabulary/fields.ts';
import type { RequestProgress, SentBody } from './failure.ts';

/** How far a body has come. */
export interface TransferProgress {
  /** How many bytes were sent or received, without framing and before decoding. */
  readonly bytes: number;
  /** How many there are; `undefined` when that is not known. */
  readonly total: number | undefined;
}

/** Called while a body is sent or received. */
export type ProgressListener = (progress: TransferProgress) => void;

export interface OutgoingRequest {
  readonly method: string;
  readonly target: string;
  readonly fields: FieldList;
  readonly body: SentBody | undefined;
  /** The length of a streamed body, when it is known. */
  readonly length: number | undefined;
  readonly trailers: HeadersInput | (() => HeadersInput) | undefined;
  readonly expectContinue: boolean;
  /** The program's, or that of the whole request's deadline. */
  readonly signal: AbortSignal | undefined;
  readonly onInformational:
    | ((status: number, headers: Iterable<[string, string]>) => void)
    | undefined;
  readonly onUploadProgress: ProgressListener | undefined;
  readonly progress: RequestProgress;
  /** Makes it again, with a new body, for a body that can be sent once and made again. */
  readonly again: (() => Promise<OutgoingRequest>) | undefined;
}
