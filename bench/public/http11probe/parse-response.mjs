/** A response as the probe sees it: a status, fields without their case, and the beginning of what comes after them. */

export class Fields extends Map {
  get(name) {
    return super.get(name.toLowerCase());
  }
  has(name) {
    return super.has(name.toLowerCase());
  }
  set(name, value) {
    return super.set(name.toLowerCase(), value);
  }
}

/** @returns `null` for what does not begin with a status line. */
export function parseResponse(bytes) {
  // As .NET's ASCII decoder: what is none is a question mark.
  const text = bytes.toString('latin1').replaceAll(/[\u0080-\u00ff]/g, '?');
  const [line, ...lines] = text.split('\n');
  const [, version, status, reason = ''] =
    /^([^ ]*) ([^ ]*)(?: (.*))?$/s.exec(line.replace(/\r+$/, '')) ?? [];
  if (lines.length === 0 || !/^\s*[+-]?\d+\s*$/.test(status ?? '')) return null;
  const fields = new Fields();
  for (const each of lines) {
    const field = each.replace(/\r+$/, '');
    if (field === '') break;
    const colon = field.indexOf(':');
    if (colon <= 0) continue;
    const name = field.slice(0, colon).trim();
    const value = field.slice(colon + 1).trim();
    fields.set(name, fields.has(name) ? `${fields.get(name)}, ${value}` : value);
  }
  const end = text.indexOf('\r\n\r\n');
  const body = end === -1 || end + 4 >= text.length ? null : text.slice(end + 4, end + 4_100);
  return {
    StatusCode: Number(status),
    ReasonPhrase: reason,
    HttpVersion: version,
    Headers: fields,
    RawResponse: text.slice(0, 8_192),
    Body: body,
  };
}
