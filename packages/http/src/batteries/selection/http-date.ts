/** Dates as HTTP writes them (RFC 9110 section 5.6.7). */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const LONG_DAY = '(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)';
const MONTH = `(?<month>${MONTHS.join('|')})`;
const TIME = String.raw`(?<hour>[01]\d|2[0-3]):(?<minute>[0-5]\d):(?<second>[0-5]\d|60)`;

/** The preferred form, and the two obsolete ones that a recipient must accept. */
const FORMS: readonly RegExp[] = [
  new RegExp(String.raw`^${DAY}, (?<day>\d\d) ${MONTH} (?<year>\d{4}) ${TIME} GMT$`),
  new RegExp(String.raw`^${LONG_DAY}, (?<day>\d\d)-${MONTH}-(?<year>\d\d) ${TIME} GMT$`),
  new RegExp(String.raw`^${DAY} ${MONTH} (?<day>[ \d]\d) ${TIME} (?<year>\d{4})$`),
];

/**
 * Reads an HTTP date.
 *
 * @param near - A time in milliseconds: a year of two digits is that of the century nearest to it.
 * @returns Milliseconds since 1970; `undefined` for what is no date, which recipients ignore.
 */
export function parseHttpDate(text: string, near: number): number | undefined {
  for (const form of FORMS) {
    const parts = form.exec(text)?.groups;
    if (parts === undefined) continue;
    const { year = '', month = '', day = '', hour, minute, second } = parts;
    const at = (century: number): number =>
      Date.UTC(
        century + Number(year),
        MONTHS.indexOf(month),
        Number(day),
        Number(hour),
        Number(minute),
        Number(second),
      );
    // Not every day is in every month; `Date.UTC` takes the next month then.
    const date = new Date(Date.UTC(Number(year), MONTHS.indexOf(month), Number(day))).getUTCDate();
    if (year.length === 4 && date !== Number(day)) return undefined;
    return year.length === 4 ? at(0) : nearest(near, at);
  }
  return undefined;
}

function nearest(near: number, at: (century: number) => number): number {
  const century = Math.floor(new Date(near).getUTCFullYear() / 100) * 100;
  const times = [century - 100, century, century + 100].map(at);
  return times.reduce((best, time) =>
    Math.abs(time - near) < Math.abs(best - near) ? time : best,
  );
}

/** A time as an HTTP date, of whole seconds. */
export function httpDate(milliseconds: number): string {
  return new Date(milliseconds).toUTCString();
}
