/** The line of numbers above the views, with a small chart of each. */
import { byId, h, setText } from './dom.js';
import { bytes, duration, number } from './format.js';

const NUMBERS = [
  { title: 'Sockets', points: 'sockets', text: ({ sockets }) => number(sockets.size) },
  { title: 'In progress', points: 'requests', text: ({ requests }) => number(requests.size) },
  {
    title: 'Answered',
    points: 'answered',
    text: ({ facts }) => number(facts.servers.reduce((sum, each) => sum + each.completed, 0)),
  },
  { title: 'Tasks', points: 'tasks', text: ({ tasks }) => number(tasks.size) },
  { title: 'Loop delay', points: 'loop', text: ({ facts }) => duration(facts.process.loopDelay) },
  { title: 'Memory', points: 'memory', text: ({ facts }) => bytes(facts.process.memory) },
];
const SVG = 'http://www.w3.org/2000/svg';

export class Numbers {
  #parts = NUMBERS.map((each) => {
    const line = document.createElementNS(SVG, 'polyline');
    const chart = document.createElementNS(SVG, 'svg');
    chart.setAttribute('viewBox', '0 0 100 18');
    chart.setAttribute('preserveAspectRatio', 'none');
    chart.setAttribute('aria-hidden', 'true');
    chart.append(line);
    const value = h('dd', { text: '0' });
    byId('numbers').append(h('div', {}, h('dt', { text: each.title }), value, chart));
    return { ...each, value, line };
  });

  update(state) {
    for (const { points, text, value, line } of this.#parts) {
      setText(value, text(state));
      line.setAttribute('points', shapeOf(state.points[points]));
    }
  }
}

function shapeOf(points) {
  const most = Math.max(1e-9, ...points);
  const step = 100 / Math.max(1, points.length - 1);
  return points
    .map((value, at) => `${(at * step).toFixed(1)},${(17 - (value / most) * 15).toFixed(1)}`)
    .join(' ');
}
