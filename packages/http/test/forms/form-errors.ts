/** The errors of forms in docs/errors.md, each made as a program would meet it. Nothing of the form may be repeated: `SECRET`. */

import { MemoryListener } from '@awaitio/core';
import { ManualClock } from '@awaitio/core/testing';
import { multipart, type MultipartOptions, type MultipartPart } from '../../src/batteries/index.ts';
import { HttpResponse, serve, type HttpRequest } from '../../src/index.ts';

const FORM = 'MultipartError';
const SECRET = 'SECRET';
const TYPE = 'multipart/form-data; boundary=b';
const disposition = `--b\r\nContent-Disposition: form-data; name="${SECRET}"`;
const FIELD = `${disposition}\r\n\r\n${SECRET}`;

/** What a handler's use of a form fails with. */
async function failureOf(
  use: (request: HttpRequest) => Promise<unknown>,
  body: string,
  type = TYPE,
): Promise<unknown> {
  let failure: unknown;
  const handler = async (request: HttpRequest): Promise<HttpResponse> => {
    await use(request).catch((error: unknown) => {
      failure = error;
    });
    return HttpResponse.empty();
  };
  await using server = await serve(handler, { listener: new MemoryListener() });
  const init = { method: 'POST', headers: { 'Content-Type': type }, body };
  await server.fetch('http://test/', init);
  return failure;
}

const reading = (body: string, options?: MultipartOptions, type = TYPE): Promise<unknown> =>
  failureOf(
    async (request) => {
      for await (const part of multipart(request, options)) await part.bytes();
    },
    body,
    type,
  );

/** As the cases of messages.test.ts. */
export const FORM_ERRORS: readonly {
  readonly code: string;
  readonly name: string;
  readonly says: string;
  readonly make: () => unknown;
}[] = [
  {
    code: 'ERR_FORM_TYPE',
    name: FORM,
    says: 'the body is not a form',
    make: () => reading(SECRET, {}, `text/${SECRET}`),
  },
  {
    code: 'ERR_MULTIPART_BOUNDARY',
    name: FORM,
    says: 'the Content-Type has no boundary of 1 to 70 characters, or malformed parameters',
    make: () => reading(SECRET, {}, `multipart/form-data; boundary="${SECRET}`),
  },
  {
    code: 'ERR_MULTIPART_DELIMITER',
    name: FORM,
    says: 'a line begins with the boundary and is no delimiter',
    make: () => reading(`--b${SECRET}`),
  },
  {
    code: 'ERR_MULTIPART_DISPOSITION',
    name: FORM,
    says: 'a part has no name',
    make: () => reading(`--b\r\nContent-Disposition: form-data; x=${SECRET}\r\n\r\n--b--`),
  },
  {
    code: 'ERR_MULTIPART_ENCODING',
    name: FORM,
    says: 'a part has a Content-Transfer-Encoding, which forms must not use',
    make: () => reading(`${disposition}\r\nContent-Transfer-Encoding: ${SECRET}\r\n\r\n--b--`),
  },
  {
    code: 'ERR_MULTIPART_HEADERS',
    name: FORM,
    says: "a line of a part's header section is no field, or has a control character",
    make: () => reading(`${disposition}\r\n${SECRET}\r\n\r\n--b--`),
  },
  {
    code: 'ERR_MULTIPART_LIMIT',
    name: FORM,
    says: 'a part has more bytes than 3 (`limits.partBytes`)',
    make: () => reading(`${FIELD}\r\n--b--`, { limits: { partBytes: 3 } }),
  },
  {
    code: 'ERR_MULTIPART_TIMEOUT',
    name: FORM,
    says: 'the form did not arrive within 5 ms (`timeout`)',
    make: () =>
      failureOf(
        async (request) => {
          const clock = new ManualClock();
          const parts = multipart(request, { timeout: 5, clock });
          await parts.next();
          await clock.advance(5);
          await parts.next();
        },
        `${FIELD}${'x'.repeat(1_000_000)}\r\n--b--`,
      ),
  },
  {
    code: 'ERR_MULTIPART_TRUNCATED',
    name: FORM,
    says: 'the form ends before its last delimiter',
    make: () => reading(FIELD),
  },
  {
    code: 'ERR_PART_GONE',
    name: 'IoError',
    says: 'bytes: the next part was asked for, or the form was given up; read a part before that',
    make: () =>
      failureOf(async (request) => {
        const parts = multipart(request);
        const first = (await parts.next()).value as MultipartPart;
        await parts.next();
        await first.text();
      }, `${FIELD}\r\n--b--`),
  },
];
