/**
 * What a program's own header fields say about framing and the connection.
 *
 * This side decides both, so the fields are read, checked against what is known, and taken out: what goes out is written
 * once, by the encoder.
 */

import { LocalProtocolError } from './errors.ts';
import type { FieldList } from './fields.ts';

export interface OwnFields {
  readonly fields: FieldList;
  /** The body's length, from the body or from the program's Content-Length. */
  readonly length: number | undefined;
  /** The program said `Connection: close`. */
  readonly closes: boolean;
  /** The program said `Connection: upgrade`. */
  readonly upgrades: boolean;
}

/**
 * Reads them; most programs set none of these, and then nothing is copied.
 *
 * @throws {@link LocalProtocolError} for a Transfer-Encoding, and for a Content-Length that is no number or not the
 * body's.
 */
export function readOwnFields(fields: FieldList, length: number | undefined): OwnFields {
  for (let index = 0; index < fields.length; index += 2) {
    const size = (fields[index] as string).length;
    if (size === 10 || size === 14 || size === 17) return readClosely(fields, length);
  }
  return { fields, length, closes: false, upgrades: false };
}

function readClosely(fields: FieldList, known: number | undefined): OwnFields {
  const kept: string[] = [];
  let length = known;
  let closes = false;
  let upgrades = false;
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] as string;
    const value = fields[index + 1] as string;
    switch (name.toLowerCase()) {
      case 'transfer-encoding':
        throw new LocalProtocolError(
          'Transfer-Encoding is chosen by awaitio; leave it out, and give a body of unknown length to have it chunked',
          'ERR_HTTP_TRANSFER_ENCODING',
        );
      case 'content-length':
        length = checkedLength(value, length);
        break;
      case 'connection': {
        const options = value.toLowerCase().split(/[\t ]*,[\t ]*/);
        closes ||= options.includes('close');
        upgrades ||= options.includes('upgrade');
        if (!closes && options.some((option) => option !== 'keep-alive')) kept.push(name, value);
        break;
      }
      default:
        kept.push(name, value);
    }
  }
  return { fields: kept, length, closes, upgrades };
}

function checkedLength(value: string, length: number | undefined): number {
  const announced = /^\d{1,15}$/.test(value) ? Number(value) : -1;
  if (announced === -1 || (length !== undefined && announced !== length)) {
    throw new LocalProtocolError(
      `Content-Length: expected ${length === undefined ? 'a decimal number of bytes' : `${length}, the length of the body`}, got ${announced === -1 ? 'something else' : announced}`,
      'ERR_HTTP_CONTENT_LENGTH',
    );
  }
  return announced;
}
