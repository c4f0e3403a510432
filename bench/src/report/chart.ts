/** Bar charts as SVG: one bar for each contestant, with a whisker from its worst round to its best. */

import { medianOf, type ScenarioOutcome } from '../outcome.ts';
import { figure } from './figures.ts';

const WIDTH = 760;
const LEFT = 200;
const RIGHT = 90;
const TOP = 44;
const STEP = 26;
const BAR = 16;

/** Follows the reader's light or dark page. */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .title { font-weight: 600; }
  .unit, .value { fill: #57606a; }
  .bar { fill: #afb8c1; }
  .ours { fill: #2563eb; }
  .whisker { stroke: #24292f; stroke-width: 1.2; opacity: 0.7; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .unit, .value { fill: #9da7b3; }
    .bar { fill: #57606a; }
    .ours { fill: #4c8dff; }
    .whisker { stroke: #e6edf3; }
  }`;

/** @returns The chart as text of an SVG file. */
export function chart(outcome: ScenarioOutcome): string {
  const { scenario } = outcome;
  const bars = outcome.contestants.filter((one) => one.samples.length > 0);
  const ours = bars.find(({ name }) => name === scenario.ours);
  const unit = ours === undefined ? 1 : medianOf(ours);
  const values = bars.flatMap((one) => one.samples.map((sample) => sample.value));
  const scale = (WIDTH - LEFT - RIGHT) / Math.max(...values);
  const height = TOP + bars.length * STEP + 8;
  const lines = bars.map((one, index) => {
    const y = TOP + index * STEP;
    const middle = y + BAR / 2;
    const value = medianOf(one);
    const all = one.samples.map((sample) => sample.value);
    const [from, to] = [Math.min(...all), Math.max(...all)].map((end) => LEFT + end * scale);
    const kind = one.name.startsWith('awaitio') ? 'bar ours' : 'bar';
    return [
      `<text x="${LEFT - 8}" y="${middle + 4.5}" text-anchor="end">${escaped(one.name)}</text>`,
      `<rect class="${kind}" x="${LEFT}" y="${y}" width="${at(value * scale)}" height="${BAR}" rx="2"/>`,
      `<path class="whisker" d="M${at(from)} ${middle}H${at(to)}"/>`,
      `<text class="value" x="${at((to ?? 0) + 6)}" y="${middle + 4.5}">${figure(value / unit)}</text>`,
    ].join('\n  ');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(scenario.title)}">
  <style>${STYLE}
  </style>
  <text class="title" x="8" y="22">${escaped(scenario.title)}</text>
  <text class="unit" x="${WIDTH - 8}" y="22" text-anchor="end">${escaped(scenario.unit)}, ${escaped(scenario.ours)} = 1, ${scenario.better} is better</text>
  ${lines.join('\n  ')}
</svg>
`;
}

function at(position = 0): string {
  return position.toFixed(1);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
