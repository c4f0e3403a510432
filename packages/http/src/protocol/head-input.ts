/** The heads of messages to be sent, as an application gives them to a connection. */

import type { FieldList } from './vocabulary/fields.ts';

/** A response's head as the application gives it. */
export interface ResponseHeadInput {
  readonly status: number;
  readonly reason?: string | undefined;
  readonly fields: FieldList;
  /** The body's length, or `undefined` when it is not known before it is sent. */
  readonly length: number | undefined;
  /** The value of `Date`; empty for none. */
  readonly date: string;
  /** Sends `Connection: close`: the connection ends with this response. */
  readonly close?: boolean | undefined;
  /** The `Upgrade` of the request, for a 101 whose fields name no protocol. */
  readonly proposed?: string | undefined;
}

/** A request's head as the application gives it. */
export interface RequestHeadInput {
  readonly method: string;
  readonly target: string;
  readonly fields: FieldList;
  readonly hasBody: boolean;
  readonly length: number | undefined;
  readonly close?: boolean | undefined;
}
