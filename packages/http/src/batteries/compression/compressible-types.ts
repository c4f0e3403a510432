/** Media types that are worth a coding, as a program lists them. */

/**
 * The types that are compressed by default: text, and what is text under another name. Images, films, sounds, archives and
 * `font/woff2` are not here: they are compressed in themselves.
 */
export const COMPRESSIBLE_TYPES: readonly string[] = Object.freeze([
  'text/*',
  '+json',
  '+xml',
  '+text',
  'application/json',
  'application/json-seq',
  'application/jsonl',
  'application/x-ndjson',
  'application/javascript',
  'application/x-javascript',
  'application/ecmascript',
  'application/xml',
  'application/xml-dtd',
  'application/graphql',
  'application/toml',
  'application/yaml',
  'application/sql',
  'application/rtf',
  'application/wasm',
  'application/x-www-form-urlencoded',
  'application/vnd.ms-fontobject',
  'font/otf',
  'font/ttf',
  'font/collection',
  'image/bmp',
  'image/x-icon',
  'image/vnd.microsoft.icon',
  'model/gltf+json',
]);

/** A type, `type/*`, or `+suffix`. */
const PATTERN = /^(?:\+[!#$&\-^_.\dA-Za-z]+|[!#$&\-^_.+\dA-Za-z]+\/(?:\*|[!#$&\-^_.+\dA-Za-z]+))$/;

/** Whether a value is a list of patterns. */
export function areTypePatterns(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string' && PATTERN.test(one));
}

/** Makes a function that tells whether a `Content-Type` is one of the patterns. */
export function matchTypes(patterns: readonly string[]): (contentType: string) => boolean {
  const listed = new Set(patterns.map((pattern) => pattern.toLowerCase()));
  return (contentType) => {
    const end = contentType.indexOf(';');
    const type = (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
    if (listed.has(type)) return true;
    const slash = type.indexOf('/');
    if (slash === -1) return false;
    if (listed.has(`${type.slice(0, slash)}/*`)) return true;
    const plus = type.lastIndexOf('+');
    return plus > slash && listed.has(type.slice(plus));
  };
}
