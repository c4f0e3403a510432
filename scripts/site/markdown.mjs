/** What the check of the documentation and the site both ask of a Markdown page: its prose, its links, its headings. */

/**
 * The lines of a page that are not code, with their numbers.
 *
 * @param {string} text
 * @returns {[number, string][]} From line 0.
 */
export function proseOf(text) {
  const prose = [];
  let fence;
  for (const [at, line] of text.split('\n').entries()) {
    const [, mark] = /^\s*(```+)/.exec(line) ?? [];
    if (fence === undefined && mark === undefined) prose.push([at, line]);
    else if (fence === undefined) fence = mark;
    else if (mark?.length >= fence.length && line.trim() === mark) fence = undefined;
  }
  return prose;
}

/**
 * The fragment of a heading, as GitHub makes it.
 *
 * @param {string} heading - As Markdown, without its number signs.
 */
export function slugOf(heading) {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-');
}

/** @returns {Set<string>} The fragments to which a link to this page can lead. */
export function anchorsOf(text) {
  const anchors = new Set();
  const count = new Map();
  for (const [, line] of proseOf(text)) {
    for (const [, id] of line.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id);
    const [, heading] = /^#{1,6} (.*)$/.exec(line) ?? [];
    if (heading === undefined) continue;
    const slug = slugOf(heading);
    const before = count.get(slug) ?? 0;
    count.set(slug, before + 1);
    anchors.add(before === 0 ? slug : `${slug}-${before}`);
  }
  return anchors;
}

/** A link or a picture of Markdown: `[text](target#fragment)`. */
export const LINK = /\]\(([^)\s#]*)(?:#([^)\s]*))?((?:\s+"[^"]*")?)\)/g;

/** The address of a picture that is HTML: `src="target"`, or `srcset` with one address. */
export const HTML_PICTURE = /\b(src|srcset)="([^"\s]+)"/g;

/** A longer sentence is cut at its colon, if it has one. */
const LONG_SENTENCE = 200;

/** @returns {string} The first sentence of a page, on one line: its description. */
export function firstSentence(text) {
  const paragraph =
    proseOf(text)
      .map(([, line]) => line)
      .join('\n')
      .split('\n\n')
      .map((part) => part.trim())
      .find((part) => /^(?:[\w`@[]|\*\*\w)/.test(part) && !/^\d+\. /.test(part)) ?? '';
  const plain = paragraph
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll('\n', ' ')
    .replaceAll('**', '');
  const sentence = /^.*?\.(?= |$)/.exec(plain)?.[0] ?? plain;
  const short = sentence.length > LONG_SENTENCE ? /^.*?:(?= )/.exec(sentence)?.[0] : undefined;
  return (short ?? sentence).replace(/:$/, '.');
}
