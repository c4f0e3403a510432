/**
 * A folder of files as a handler.
 *
 * The path of a request is decoded once, and taken apart once: what it names below the root is opened, and only then looked
 * at. A path that leaves the root, also by a symbolic link, is answered like one that names nothing.
 */

import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkOptions, invalidInput, rules, type OptionTable } from '@awaitio/core/lowlevel';
import type { Handler } from '../message/handler.ts';
import { HttpProblem } from '../message/problem.ts';
import type { HttpRequest } from '../message/request.ts';
import { HttpResponse } from '../message/response.ts';
import type { HeadersInput } from '../protocol/vocabulary/fields.ts';
import { fieldList } from '../protocol/vocabulary/fields.ts';
import { preferredCoding } from './selection/accept-encoding.ts';
import { mediaTypeOf } from './media-type.ts';
import { openFile, type OpenFile, type OpenResult } from './open-file.ts';
import { represent } from './represent.ts';

/** Options of {@link staticFiles}. */
export interface StaticFilesOptions {
  /** The part of the request's path that names the root, such as `/assets`. @default '/' */
  readonly prefix?: string | undefined;
  /** The file that stands for a folder; `false` for none: a folder is then 404. @default 'index.html' */
  readonly index?: string | false | undefined;
  /** Whether files and folders whose names begin with a dot are served; `/.well-known/` always is. @default false */
  readonly dotfiles?: boolean | undefined;
  /** Whether `name.br`, `name.zst` and `name.gz` are sent in place of `name` to clients that take them. @default false */
  readonly precompressed?: boolean | undefined;
  /** The value of `Cache-Control`. @default none: caches ask again */
  readonly cacheControl?: string | undefined;
  /** More fields of every response with a file. @default none */
  readonly headers?: HeadersInput | undefined;
  /** Answers what is no file here, such as a single-page application. @default 404 */
  readonly notFound?: Handler | undefined;
}

const STATIC_FILES_OPTIONS: OptionTable<StaticFilesOptions> = {
  prefix: {
    expected: 'a path that begins with /',
    accepts: (value) => typeof value === 'string' && value.startsWith('/'),
  },
  index: {
    expected: 'the name of a file, or false',
    accepts: (value) =>
      value === false || (typeof value === 'string' && value !== '' && !/[/\\\0]/.test(value)),
  },
  dotfiles: rules.flag,
  precompressed: rules.flag,
  cacheControl: rules.text,
  headers: { ...rules.object, isSecret: true },
  notFound: rules.function,
};

/** Siblings with their codings, the best first. */
const SIBLINGS = { br: '.br', zstd: '.zst', gzip: '.gz' } as const;
type Coding = keyof typeof SIBLINGS;
const CODINGS = Object.keys(SIBLINGS) as Coding[];

/** Names by which Windows opens something else: a stream, another file (also by its short name), a device whatever its ending. */
const ELSEWHERE_ON_WINDOWS =
  /[:*?"<>|]|[. ]$|~\d|^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[\d¹²³])[. ]*(?:\.|$)/i;

/** Where a request leads: the names below the root, and whether its path ends with a slash. */
interface Place {
  readonly names: readonly string[];
  readonly isFolder: boolean;
}

/**
 * Serves a folder: `GET` and `HEAD`, with `ETag`, `Last-Modified`, every condition and range of RFC 9110 (see
 * {@link fileResponse}), media types, an index, and `X-Content-Type-Options: nosniff`.
 *
 * A folder without a slash at its end is redirected to the path with one (301). 404 for what is no regular file, for dotfiles, and
 * for whatever lies outside of the root, also behind a symbolic link; 403 for a file that may not be read; 405 for other methods.
 *
 * @param root - The folder, as a path or a `file:` URL. Its real path is taken when the first request comes.
 * @param options - See {@link StaticFilesOptions}.
 * @returns A handler, to be served or to be called by another one.
 * @throws `InvalidInputError` for a wrong option; `LocalProtocolError` for a header that must not be sent.
 *
 * @example
 * ```ts
 * import { serve } from '@awaitio/http';
 * import { staticFiles } from '@awaitio/http/batteries';
 *
 * const server = await serve(staticFiles('.', { cacheControl: 'max-age=60' }), { port: 0 });
 * const answer = await fetch(`${server.url}package.json`);
 * console.log(answer.status, answer.headers.get('content-type')); // 200 application/json; charset=utf-8
 * await server.shutdown();
 * ```
 */
export function staticFiles(root: string | URL, options?: StaticFilesOptions): Handler {
  const isFolder = root instanceof URL ? root.protocol === 'file:' : typeof root === 'string';
  if (!isFolder || root === '') {
    throw invalidInput('staticFiles', 'root', 'the path or file: URL of a folder', root);
  }
  if (options !== undefined) checkOptions('staticFiles', options, STATIC_FILES_OPTIONS);
  const path = root instanceof URL ? fileURLToPath(root) : root;
  const folder = new StaticFolder(path, options ?? {});
  return async (request, context) => {
    const response = await folder.respond(request);
    if (response !== undefined) return response;
    if (options?.notFound !== undefined) return options.notFound(request, context);
    throw new HttpProblem(404, { detail: 'there is no such file' });
  };
}

class StaticFolder {
  readonly #root: string;
  #realRoot: Promise<string> | undefined;
  readonly #prefix: string;
  readonly #index: string | false;
  readonly #options: StaticFilesOptions;
  readonly #fields: readonly string[];

  constructor(root: string, options: StaticFilesOptions) {
    this.#root = root;
    this.#options = options;
    this.#prefix = (options.prefix ?? '/').replace(/\/*$/, '/');
    this.#index = options.index ?? 'index.html';
    const { cacheControl } = options;
    this.#fields = [
      ...fieldList(options.headers),
      ...(cacheControl === undefined ? [] : fieldList({ 'Cache-Control': cacheControl })),
      'X-Content-Type-Options',
      'nosniff',
    ];
  }

  /** The response; `undefined` when there is no such file. */
  async respond(request: HttpRequest): Promise<HttpResponse | undefined> {
    const place = this.#placeOf(request.path);
    if (place === undefined) return undefined;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new HttpProblem(405, {
        detail: 'files are read by GET and HEAD',
        headers: { Allow: 'GET, HEAD' },
      });
    }
    const root = await this.#openRoot();
    if (root === undefined) return undefined;
    const path = join(root, ...place.names);
    if (!place.isFolder) {
      const found = await this.#open(path, root, request);
      if (found.file !== 'folder') return this.#send(found, path, request);
      return this.#index === false ? undefined : redirectToFolder(request);
    }
    if (this.#index === false) return undefined;
    const index = join(path, this.#index);
    const found = await this.#open(index, root, request);
    return found.file === 'folder' ? undefined : this.#send(found, index, request);
  }

  /** The real path of the root, once there is one. */
  async #openRoot(): Promise<string | undefined> {
    this.#realRoot ??= realpath(this.#root);
    try {
      return await this.#realRoot;
    } catch (error) {
      this.#realRoot = undefined;
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Opens the file, or the best of its compressed siblings. */
  async #open(
    path: string,
    root: string,
    { headers }: HttpRequest,
  ): Promise<{ readonly file: OpenResult; readonly coding?: Coding | undefined }> {
    if (this.#options.precompressed !== true) return { file: await openFile(path, root) };
    const left = [...CODINGS];
    for (;;) {
      const coding = preferredCoding(headers.get('accept-encoding'), left);
      if (coding === undefined) return { file: await openFile(path, root) };
      const file = await openFile(path + SIBLINGS[coding], root);
      if (typeof file !== 'string') return { file, coding };
      left.splice(left.indexOf(coding), 1);
    }
  }

  async #send(
    { file, coding }: { readonly file: OpenResult; readonly coding?: Coding | undefined },
    path: string,
    request: HttpRequest,
  ): Promise<HttpResponse | undefined> {
    if (file === 'forbidden') throw new HttpProblem(403, { detail: 'the file may not be read' });
    if (typeof file === 'string') return undefined;
    const headers = [...this.#fieldsOf(file, path, coding)];
    return represent(file, request, { headers });
  }

  *#fieldsOf(
    _file: OpenFile,
    path: string,
    coding: Coding | undefined,
  ): Iterable<[string, string]> {
    const fields = this.#fields;
    for (let at = 0; at < fields.length; at += 2)
      yield [fields[at] as string, fields[at + 1] as string];
    if (!fields.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'content-type')) {
      yield ['Content-Type', mediaTypeOf(path)];
    }
    if (this.#options.precompressed === true) yield ['Vary', 'Accept-Encoding'];
    if (coding !== undefined) yield ['Content-Encoding', coding];
  }

  /** Takes a path apart; `undefined` for one that cannot name a file here. */
  #placeOf(path: string): Place | undefined {
    if (!`${path}/`.startsWith(this.#prefix)) return undefined;
    const names: string[] = [];
    const segments = path.slice(this.#prefix.length).split('/');
    for (const [at, segment] of segments.entries()) {
      const name = decode(segment);
      if (name === undefined) return undefined;
      // The slash at the end, and slashes in a row.
      if (name === '') {
        if (at < segments.length - 1) return undefined;
        continue;
      }
      if (!this.#isServed(name, at)) return undefined;
      names.push(name);
    }
    return { names, isFolder: path.endsWith('/') };
  }

  #isServed(name: string, depth: number): boolean {
    // A name, and no way up or elsewhere: `..`, a separator of another system, a drive, a stream of NTFS.
    if (name === '.' || name === '..' || /[/\\\0]/.test(name)) return false;
    if (process.platform === 'win32' && ELSEWHERE_ON_WINDOWS.test(name)) return false;
    if (!name.startsWith('.') || this.#options.dotfiles === true) return true;
    return depth === 0 && name === '.well-known';
  }
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** Relative, so that no path can name another host: `//evil` is below this one. */
function redirectToFolder(request: HttpRequest): HttpResponse {
  const name = request.path.slice(request.path.lastIndexOf('/') + 1);
  const query = request.target.includes('?')
    ? request.target.slice(request.target.indexOf('?'))
    : '';
  return HttpResponse.text('', { status: 301, headers: { Location: `./${name}/${query}` } });
}
