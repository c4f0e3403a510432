/** The cases of a clone of Http11Probe, in the order in which it runs them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import vm from 'node:vm';
import { Fields } from './parse-response.mjs';
import { translateSuite } from './translate.mjs';

const FOLDER = 'src/Http11Probe/TestCases/Suites';
const SUITES = [
  ['Compliance', 'GetTestCases'],
  ['Smuggling', 'GetTestCases'],
  ['Smuggling', 'GetSequenceTestCases'],
  ['MalformedInput', 'GetTestCases'],
  ['Normalization', 'GetTestCases'],
  ['Capabilities', 'GetSequenceTestCases'],
  ['Cookie', 'GetTestCases'],
];

const between = (from, to) => (status) => status >= from && status <= to;
/** An enumeration whose values are their names. */
const named = () => new Proxy({}, { get: (_, name) => name });

/** What the suites use of .NET and of the rest of the probe. */
const LIBRARY = {
  Buffer,
  Fields,
  TestVerdict: named(),
  ConnectionState: named(),
  TestCategory: named(),
  RfcLevel: named(),
  StatusCodeRange: {
    Exact: (status) => between(status, status),
    Range: between,
    Range2xx: between(200, 299),
    Range4xx: between(400, 499),
    Range4xxOr5xx: between(400, 599),
  },
  Builder: class {
    #text = '';
    append(more) {
      this.#text += more;
      return this;
    }
    toString() {
      return this.#text;
    }
  },
  ascii: (text) => Buffer.from(text.replaceAll(/[^\0-\u007f]/g, '?'), 'latin1'),
  hexadecimal: (text) => (/^[0-9a-f]+$/i.test(text.trim()) ? Number.parseInt(text, 16) : NaN),
  isImfDate: (text) =>
    /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(text) &&
    !Number.isNaN(Date.parse(text)),
  /** Bytes that look random, and are the same in each run. */
  random(bytes) {
    for (let at = 0, state = 42; at < bytes.length; at += 1) {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      bytes[at] = state >> 16;
    }
  },
};

export function readCases(clone) {
  const cases = [];
  let announced = 0;
  const seen = new Set();
  for (const [suite, method] of SUITES) {
    const source = readFileSync(join(clone, FOLDER, `${suite}Suite.cs`), 'utf8');
    if (!seen.has(suite)) announced += source.match(/yield return new /g).length;
    seen.add(suite);
    const { code } = translateSuite(source);
    const all = vm.runInNewContext(
      `${code}\n${suite}Suite.${method}`,
      { ...LIBRARY },
      { filename: `${suite}Suite.cs` },
    );
    cases.push(...all());
  }
  if (cases.length !== announced) {
    throw new Error(`the sources have ${announced} cases, and ${cases.length} were read`);
  }
  return cases;
}
