/**
 * Reads the cases of Http11Probe from its sources: C# in, JavaScript functions out.
 *
 * The suites use a small part of C#: object initializers, lambdas, string interpolation, patterns (`is >= 200 and < 300`) and a
 * dozen methods of the library. Each is rewritten by a rule below; texts are taken out before, and put back after. What no rule knows is
 * a SyntaxError or a failing case, never a case that passes by mistake: `readCases` counts what the sources announce.
 */

const PLAIN = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)'|'\\x[0-9a-fA-F]+'|\/\/[^\n]*/y;

/** Where the text that begins at `at` ends; an interpolated one may hold others in its braces. */
function endOfText(source, at) {
  if (!source.startsWith('$"', at)) {
    PLAIN.lastIndex = at;
    return PLAIN.test(source) ? PLAIN.lastIndex : at;
  }
  let depth = 0;
  for (let end = at + 2; ; end += 1) {
    if (source.startsWith('{{', end) || source.startsWith('}}', end)) end += 1;
    else if (source[end] === '\\') end += 1;
    else if (source[end] === '{') depth += 1;
    else if (source[end] === '}') depth -= 1;
    else if (source[end] === '"' && depth === 0) return end + 1;
    else if (source[end] === '"') end = endOfText(source, end) - 1;
    else if (end > source.length) throw new SyntaxError('a text does not end');
  }
}

/** The source with `§n§` for each text, and the texts. */
function withoutTexts(source) {
  const texts = [];
  let code = '';
  for (let at = 0; at < source.length;) {
    const end = endOfText(source, at);
    if (end > at) code += `§${texts.push(literal(source.slice(at, end))) - 1}§`;
    else code += source[at];
    at = Math.max(end, at + 1);
  }
  return { code, texts };
}

/** A text of C# as one of JavaScript; `{…}` of an interpolated one is translated in turn. */
function literal(text) {
  if (text.startsWith('//')) return '';
  // "\x1" may have one to four digits.
  const escaped = text
    .replaceAll(/\\x([0-9a-fA-F]{1,4})/g, (_, hex) => `\\u${hex.padStart(4, '0')}`)
    .replaceAll(/\\0/g, '\\u0000');
  if (!escaped.startsWith('$')) return escaped;
  let built = '';
  for (let at = 2; at < escaped.length - 1; at += 1) {
    if (escaped.startsWith('{{', at) || escaped.startsWith('}}', at)) built += escaped[(at += 1)];
    else if (escaped[at] === '{') {
      const end = endOfBraces(escaped, at);
      built += `\${${interpolated(escaped.slice(at + 1, end))}}`;
      at = end;
    } else built += escaped[at] === '`' ? '\\`' : escaped[at];
  }
  return `\`${built}\``;
}

function endOfBraces(text, from) {
  for (let at = from + 1; ; at += 1) {
    if (text[at] === '}') return at;
    if (text[at] === '"' || text.startsWith('$"', at)) at = endOfText(text, at) - 1;
  }
}

/** `{value:x}` has a format behind its colon. */
function interpolated(expression) {
  const [, value, format] = /^(.*?)(?::([xXN]\d?))?$/s.exec(expression);
  const translated = translate(value);
  return /^[xX]/.test(format ?? '') ? `(${translated}).toString(16)` : translated;
}

/** `>= 200 and < 300` and the like, as a condition on `$`. */
function pattern(text) {
  const parts = text.trim();
  if (parts.startsWith('not ')) return `!(${pattern(parts.slice(4))})`;
  for (const [word, operator] of [
    ['or', '||'],
    ['and', '&&'],
  ]) {
    const at = topLevel(parts, ` ${word} `);
    if (at !== -1) {
      const rest = parts.slice(at + word.length + 2);
      return `(${pattern(parts.slice(0, at))} ${operator} ${pattern(rest)})`;
    }
  }
  if (/^\(.*\)$/s.test(parts)) return `(${pattern(parts.slice(1, -1))})`;
  if (parts === 'null') return '$ == null';
  return /^[<>]/.test(parts) ? `$ ${parts}` : `$ === ${parts}`;
}

function topLevel(text, word) {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    else if (text[at] === ')') depth -= 1;
    else if (depth === 0 && text.startsWith(word, at)) return at;
  }
  return -1;
}

const ATOM = String.raw`(?:\([^()]*\)|not |null|[<>]=? ?[\w.'§]+|[\w.§]+)`;
const PATTERN = new RegExp(
  String.raw`([\w.?§\[\]]+(?:\([^()]*\))?) is ((?:not )?(?:${ATOM})(?: (?:and|or) (?:${ATOM}))*)`,
  'g',
);

/** Code between texts; each text stands in it as `§n§`. */
function translate(source) {
  const { code, texts } = withoutTexts(source);
  const rewritten = RULES.reduce((all, [from, to]) => all.replaceAll(from, to), code);
  return rewritten.replaceAll(/§(\d+)§/g, (_, index) => texts[Number(index)]);
}

const TYPE = String.raw`(?:byte|string|int|bool|var|TestVerdict|HttpResponse|StepResult|Random|Dictionary<[^()]*?>|List<\w+>|StringBuilder)(?:\[\])?\??`;

/** In the order in which they are applied. */
const RULES = [
  [/^using .*?;$/gm, ''],
  [/^namespace .*?;$/gm, ''],
  [/public static class (\w+)/g, 'class $1'],
  [/#(?:region|endregion).*$/gm, ''],
  // Methods, and constants.
  [/(?:public|private) static IEnumerable<\w+> (\w+)\(\)/g, 'static *$1()'],
  [/(?:public|private) const \w+ (\w+) = ([^;]+);/g, 'static $1 = $2;'],
  [
    /(?:public|private) static (?:readonly )?[\w<>?,()[\] ]+? (\w+)\(([^)]*)\)\s*=>\s*([^;]+);/g,
    (_, name, given, value) => `static ${name}(${names(given)}) { return ${value}; }`,
  ],
  [
    /(?:public|private) static (?:readonly )?[\w<>?,()[\] ]+? (\w+)\(([^)]*)\)\s*\{/g,
    (_, name, given) => `static ${name}(${names(given)}) {`,
  ],
  // Initializers.
  [/\bnew (?:TestCase|SequenceTestCase|ExpectedBehavior|SequenceStep|SequenceSendPart)\s*\{/g, '{'],
  [/^(\s*)([A-Z]\w+) =(?=\s)/gm, '$1$2:'],
  [/\{ ([A-Z]\w+) = /g, '{ $1: '],
  [/yield return /g, 'yield '],
  // Loops and declarations.
  [/foreach \(var \((\w+), (\w+)\) in (\w+)\)/g, 'for (const [$1, $2] of $3)'],
  [/foreach \(var (\w+) in ([^)]+(?:\([^)]*\))?)\)/g, 'for (const $1 of $2)'],
  [/var \(([^)]*)\) = /g, (_, list) => `const [${list.replaceAll('_', '')}] = `],
  [new RegExp(String.raw`\bconst (?:string|int) (\w+) =`, 'g'), 'const $1 ='],
  [new RegExp(String.raw`^(\s*)${TYPE} (\w+)( =|;)`, 'gm'), '$1let $2$3'],
  [/\bfor \(var /g, 'for (let '],
  [/!(\w+)\.TryGetValue\(([^,]+), out var (\w+)\)/g, '(($3 = $1.get($2)) === undefined)'],
  [/!([\w.]+)\.TryGetValue\(([^,]+), out var (\w+)\)/g, '(($3 = $1.get($2)) === undefined)'],
  [/([\w.]+)\.TryGetValue\(([^,]+), out var (\w+)\)/g, '(($3 = $1.get($2)) !== undefined)'],
  [/!int\.TryParse\((\w+),[^)]*out var (\w+)\)/g, 'Number.isNaN($2 = hexadecimal($1))'],
  [/DateTime\.TryParseExact\((\w+)\.Trim\(\),[^;]*\)/g, 'isImfDate($1.trim())'],
  [/return \(([^()]+, [^()]+, [^()]+)\);/g, 'return [$1];'],
  // Patterns.
  [PATTERN, (_, subject, text) => `(($) => ${pattern(text)})(${subject})`],
  // Numbers, bytes, ranges.
  [/(\d)_(?=\d)/g, '$1'],
  [/new byte\[([^\]]+)\]/g, 'Buffer.alloc($1)'],
  [/let (nul|vtab|utf8Bytes|overlong|ff|bareCr) = \[([^\]]*)\]/g, 'let $1 = Buffer.of($2)'],
  [/=> \[\]/g, '=> Buffer.of()'],
  [/\[(\w+)\.\.\^1\]/g, '.slice($1, -1)'],
  [/\[\((\w+ \+ \d+)\)\.\.\]/g, '.slice($1)'],
  [/\[(\w*)\.\.(\w*)\]/g, (_, from, to) => `.slice(${from || 0}${to ? `, ${to}` : ''})`],
  [/new string\(([^,]+), (\d+)\)/g, '$1.repeat($2)'],
  [/new Random\(\d+\)/g, 'random'],
  [/(\w+)\.NextBytes\((\w+)\)/g, '$1($2)'],
  [/new StringBuilder\(\)/g, 'new Builder()'],
  [/new Dictionary<[^()]*>\(\)/g, 'new Fields()'],
  [/new List<\w+>\(\)/g, '[]'],
  [/result\[name\] = list/g, 'result.set(name, list)'],
  [/TimeSpan\.FromMilliseconds\(([^)]*)\)/g, '$1'],
  [/TimeSpan\.FromSeconds\(([^)]*)\)/g, '($1 * 1000)'],
  // The library.
  [/Encoding\.ASCII\.GetBytes\(/g, 'ascii('],
  [/Encoding\.ASCII\.GetByteCount\(/g, 'Buffer.byteLength('],
  [/, StringComparison\.Ordinal\b/g, ''],
  [
    /\.Contains\(([^()]+), StringComparison\.OrdinalIgnoreCase\)/g,
    '.toLowerCase().includes($1.toLowerCase())',
  ],
  [
    /string\.Equals\(([^,]+), ([^,]+), StringComparison\.OrdinalIgnoreCase\)/g,
    '($1.toLowerCase() === $2.toLowerCase())',
  ],
  [
    /(\w+)\.Equals\(([^,()]+), StringComparison\.OrdinalIgnoreCase\)/g,
    '($1.toLowerCase() === $2.toLowerCase())',
  ],
  [/(\w+)\.Equals\(([^,()]+)\)/g, '($1 === $2)'],
  [/string\.IsNullOrEmpty\(([^()]+)\)/g, '(($1 ?? "") === "")'],
  [/string\.IsNullOrWhiteSpace\(([^()]+)\)/g, '(($1 ?? "").trim() === "")'],
  [/string\.Join\(([^,]+), (.*)\);/g, '($2).join($1);'],
  [/Enumerable\.Range\((\d+), (\d+)\)/g, 'Array.from({ length: $2 }, (_, index) => index + $1)'],
  [
    /\.Split\(([^,)]+), StringSplitOptions\.RemoveEmptyEntries\)/g,
    '.split($1).filter((part) => part !== "")',
  ],
  [/\.TrimEnd\([^)]*\)/g, '.replace(/[\\r\\n]+$/, "")'],
  [/\.TrimStart\(\)/g, '.trimStart()'],
  [/\.Trim\(\)/g, '.trim()'],
  [/\.Headers\.ContainsKey\(/g, '.Headers.has('],
  [/\bbody\.Any\(/g, '[...body].some('],
  [/\.Any\(/g, '.some('],
  [/\.All\(/g, '.every('],
  [/\.Count\(([^)]*=>)/g, '.filter($1'],
  [/\.Select\(/g, '.map('],
  [/\.Add\(/g, '.push('],
  [/\.Contains\(/g, '.includes('],
  [/\.StartsWith\(/g, '.startsWith('],
  [/\.IndexOf\(/g, '.indexOf('],
  [/\.ToString\(\)/g, '.toString()'],
  [/\.ToString\([^)]+\)/g, '.toString(16)'],
  [/\.CopyTo\(/g, '.copy('],
  [/\.Append\(/g, '.append('],
  [/(\w)\.Length\b/g, '$1.length'],
  [/kv\.Key\b/g, 'kv[0]'],
  [/kv\.Value\b/g, 'kv[1]'],
];

/** The names of parameters, without their types. */
function names(given) {
  return given
    .split(/,(?![^<]*>)/)
    .map((each) => (/^\s*params /.test(each) ? '...' : '') + (/(\w+)\s*$/.exec(each)?.[1] ?? ''))
    .join(', ');
}

/** A suite of the probe as the text of a JavaScript class; calls of a function in it get its name. */
export function translateSuite(source) {
  const code = translate(source);
  const [, suite] = /class (\w+)/.exec(code);
  const own = [...code.matchAll(/^\s*static \*?(\w+)/gm)].map(([, name]) => name);
  const called = new RegExp(String.raw`(?<!static \*?|\.)\b(${own.join('|')})\b(?!:)`, 'g');
  const outs = new Set([...source.matchAll(/\bout var (\w+)/g)].map(([, name]) => name));
  const declared = outs.size === 0 ? '' : `let ${[...outs].join(', ')};\n`;
  return { suite, code: declared + code.replaceAll(called, `${suite}.$1`) };
}
