/**
 * The protocol connection as programs get it: it checks the fields that it is given. Code of this package has checked each
 * field once, where the application set it, and uses the connection itself.
 */

import { LocalProtocolError } from './vocabulary/errors.ts';
import { fieldList, isFieldValue, type FieldList } from './vocabulary/fields.ts';
import { HttpConnection as UncheckedConnection } from './connection.ts';
import type { RequestHeadInput, ResponseHeadInput } from './head-input.ts';

/** A connection of either role, without I/O: {@link HttpConnection.receive} bytes, take events, send what the calls return. */
export class HttpConnection extends UncheckedConnection {
  /** @throws `LocalProtocolError` as for every response, and for a field that could end its line. */
  override sendResponse(head: ResponseHeadInput): string {
    checkFields(head.fields);
    checkValue('date', head.date);
    checkValue('proposed', head.proposed);
    return super.sendResponse(head);
  }

  /** @throws `LocalProtocolError` as for every request, and for a field that could end its line. */
  override sendRequest(head: RequestHeadInput): string {
    checkFields(head.fields);
    return super.sendRequest(head);
  }

  /** @throws `LocalProtocolError` as for the end of every message, and for a trailer that could end its line. */
  override sendEnd(trailers: FieldList = []): string {
    checkFields(trailers);
    return super.sendEnd(trailers);
  }
}

/** A value with CR LF in it would begin a field, or a message, that the program did not write. */
function checkFields(fields: FieldList): void {
  if (!Array.isArray(fields) || fields.length % 2 !== 0) {
    throw new LocalProtocolError(
      'fields: expected an array of names and values in turn, got something else',
      'ERR_HTTP_HEADER_NAME',
    );
  }
  const pairs: [string, string][] = [];
  for (let index = 0; index < fields.length; index += 2) {
    pairs.push([fields[index] as string, fields[index + 1] as string]);
  }
  fieldList(pairs);
}

function checkValue(name: string, value: string | undefined): void {
  if (value === undefined || isFieldValue(value)) return;
  throw new LocalProtocolError(
    `${name}: expected visible latin1 characters, spaces and tabs, got another character`,
    'ERR_HTTP_HEADER_VALUE',
  );
}
