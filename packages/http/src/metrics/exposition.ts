/** The text formats of Prometheus: its own, version 0.0.4, and OpenMetrics 1.0. */

/** One value of a family, with its labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Of the samples of a histogram: what its name ends with. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
}

/** The values of one name. */
export interface Family {
  /** Without `_total`, which is added to counters. */
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  readonly samples: readonly Sample[];
}

export type Format = 'text' | 'openmetrics';

/** The media type of each format. */
export const MEDIA_TYPES: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** The format that a client prefers, by its `Accept`: OpenMetrics when it is asked for at least as much as text. */
export function formatFor(accept: string | null): Format {
  let text = 0;
  let openmetrics = 0;
  for (const range of (accept ?? '').toLowerCase().split(',')) {
    const [type, ...parameters] = range.split(';').map((part) => part.trim());
    const quality = qualityOf(parameters);
    if (type === 'application/openmetrics-text') openmetrics = Math.max(openmetrics, quality);
    if (type === 'text/plain') text = Math.max(text, quality);
  }
  return openmetrics > 0 && openmetrics >= text ? 'openmetrics' : 'text';
}

function qualityOf(parameters: readonly string[]): number {
  const given = parameters.find((parameter) => parameter.startsWith('q='));
  if (given === undefined) return 1;
  const quality = Number(given.slice(2));
  return quality >= 0 && quality <= 1 ? quality : 0;
}

/** The families as text. One without a value is left out. */
export function expose(families: readonly Family[], format: Format): string {
  const isOpen = format === 'openmetrics';
  let text = '';
  for (const { name, type, help, samples } of families) {
    if (samples.length === 0) continue;
    const full = type === 'counter' ? `${name}_total` : name;
    const family = isOpen ? name : full;
    text += `# HELP ${family} ${escaped(help)}\n# TYPE ${family} ${type}\n`;
    for (const { labels, value, suffix = '' } of samples) {
      text += `${full}${suffix}${labelled(labels)} ${shown(value)}\n`;
    }
  }
  return isOpen ? `${text}# EOF\n` : text;
}

function labelled(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels);
  if (pairs.length === 0) return '';
  const list = pairs.map(([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`);
  return `{${list.join(',')}}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function shown(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}
