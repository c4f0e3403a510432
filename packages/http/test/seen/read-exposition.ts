/**
 * A strict reader of the text formats of Prometheus: it throws for everything that their documents do not allow, and for what
 * `promtool check metrics` warns of.
 */

export interface ReadSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Family {
  readonly name: string;
  readonly type: string;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\n"])*"';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (\\S+)$`);
const HELP = new RegExp(`^# HELP (${NAME}) (.+)$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (gauge|counter|histogram)$`);

function fail(line: string, why: string): never {
  throw new Error(`${why}: ${line}`);
}

/** The samples of a page. */
export function readExposition(text: string, isOpenMetrics = false): ReadSample[] {
  if (!text.endsWith('\n')) fail(text.slice(-20), 'no line end at the end');
  const lines = text.slice(0, -1).split('\n');
  if (isOpenMetrics && lines.pop() !== '# EOF') fail(lines.at(-1) ?? '', 'no # EOF');
  const samples: ReadSample[] = [];
  const seen = new Set<string>();
  const families = new Set<string>();
  let family: Family | undefined;
  let helped: string | undefined;
  for (const line of lines) {
    const help = HELP.exec(line);
    const type = TYPE.exec(line);
    if (help !== null) {
      helped = help[1];
      if (families.has(helped ?? '')) fail(line, 'a family in two places');
    } else if (type !== null) {
      const [, name = '', kind = ''] = type;
      if (name !== helped) fail(line, 'a type without help');
      if (isOpenMetrics && name.endsWith('_total')) fail(line, 'a family with _total');
      if (!isOpenMetrics && (kind === 'counter') !== name.endsWith('_total')) {
        fail(line, '_total is for counters, and for nothing else');
      }
      families.add(name);
      family = { name, type: kind };
    } else {
      if (family === undefined) fail(line, 'a sample without a type');
      const sample = readSample(line);
      const suffixes =
        family.type === 'histogram'
          ? ['_bucket', '_sum', '_count']
          : [isOpenMetrics && family.type === 'counter' ? '_total' : ''];
      const { name } = family;
      if (!suffixes.some((suffix) => sample.name === name + suffix))
        fail(line, `not a sample of ${family.name}`);
      if (family.type === 'counter' && !(sample.value >= 0)) fail(line, 'a counter below 0');
      const key = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))}`;
      if (seen.has(key)) fail(line, 'twice');
      seen.add(key);
      samples.push(sample);
    }
  }
  return samples;
}

function readSample(line: string): ReadSample {
  const [, name = '', list = '', shown = ''] = SAMPLE.exec(line) ?? fail(line, 'no sample');
  const labels: Record<string, string> = {};
  for (const [, label = '', value = ''] of list.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)) {
    if (label in labels) fail(line, 'a label twice');
    labels[label] = value.replaceAll(/\\(.)/g, (_, each: string) => (each === 'n' ? '\n' : each));
  }
  const value = shown === '+Inf' ? Infinity : Number(shown);
  if (Number.isNaN(value) || shown === '') fail(line, 'no number');
  return { name, labels, value };
}
