/** Forms, for handlers and fetch applications: many read none, so their parser is loaded with the first. */

import { lazy, type Lazy } from '@awaitio/core/lowlevel';
import type { readFormOf } from '../forms/form-data.ts';
import type { FormMessage } from '../forms/multipart.ts';

const forms: Lazy<{ readonly readFormOf: typeof readFormOf }> = lazy(
  () => import('../forms/form-data.ts'),
);

/** The form that a message is, within the default limits. @throws `MultipartError`; the errors of the body */
export async function readForm(message: FormMessage): Promise<FormData> {
  const { readFormOf } = forms.value ?? (await forms.load());
  return readFormOf(message);
}

/**
 * The form in a body that was collected before.
 *
 * @param types - Every `Content-Type` field.
 */
export function readWholeForm(types: readonly string[], bytes: Uint8Array): Promise<FormData> {
  const open = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  return readForm({ types, length: bytes.length, open });
}
