/** The page: its views, its keys, and what it shows now. */
import { ask, follow, hasToken, save, saveText } from './connection.js';
import { Detail } from './detail.js';
import { byId, h, setText } from './dom.js';
import { Numbers } from './numbers.js';
import { State } from './state.js';
import { StoryView } from './story/view.js';
import { overview } from './views/overview.js';
import { pools } from './views/pools.js';
import { refusals } from './views/refusals.js';
import { requests } from './views/requests.js';
import { sockets } from './views/sockets.js';
import { timeline } from './views/timeline.js';
import { waits } from './views/waits.js';

const state = new State();
const detail = new Detail();
const numbers = new Numbers();
const openRow = (kind, row) => detail.open(kind, row, state);
let isPaused = false;
/** What is shown in place of the views: a recorded simulation. */
let story;
let current = 'overview';

const VIEWS = {
  overview: {
    title: 'Overview',
    count: () => state.facts.attention.length,
    view: overview({ openAbout }),
  },
  requests: { title: 'Requests', count: () => state.requests.size, view: requests({ openRow }) },
  waits: { title: 'Waits', count: () => state.tasks.size, view: waits({ openRow }) },
  sockets: { title: 'Sockets', count: () => state.sockets.size, view: sockets({ openRow }) },
  refusals: {
    title: 'Refusals',
    count: () => state.facts.refusals.length,
    view: refusals({ openRow }),
  },
  clients: { title: 'Clients', count: () => state.facts.pools.length, view: pools({ openRow }) },
  timeline: { title: 'Timeline', view: timeline({ openRow, load: loadEvents }) },
};

for (const [name, { title }] of Object.entries(VIEWS)) {
  byId('tabs').append(
    h(
      'button',
      {
        type: 'button',
        role: 'tab',
        id: `tab-${name}`,
        'aria-controls': 'view',
        onclick: () => show(name),
      },
      title,
      h('span', { class: 'count' }),
    ),
  );
}

/** Opens a view. */
function show(name, filter) {
  current = name;
  for (const tab of byId('tabs').children) {
    const isSelected = tab.id === `tab-${name}`;
    tab.setAttribute('aria-selected', String(isSelected));
    tab.tabIndex = isSelected ? 0 : -1;
  }
  const { view } = VIEWS[name];
  byId('view').setAttribute('aria-labelledby', `tab-${name}`);
  byId('view').replaceChildren(view.element);
  if (filter !== undefined) view.filter?.(filter);
  view.refresh?.();
  draw();
}

/** Opens what a line of the overview is about. */
function openAbout(kind, about) {
  const found = {
    'slow-handler': ['requests', 'request', () => state.requests.get(about)],
    'slow-client': ['requests', 'request', () => state.requests.get(about)],
    'idle-socket': ['sockets', 'socket', () => state.sockets.get(about)],
    'dry-pool': ['clients', 'pool', () => state.facts.pools.find(({ id }) => id === about)],
    refused: [
      'refusals',
      'refusal',
      () => state.facts.refusals.find(({ cause }) => cause === about),
    ],
  }[kind];
  if (found === undefined) return;
  const [view, row, find] = found;
  show(view);
  const value = find();
  if (value !== undefined) openRow(row, value);
}

function draw() {
  const { facts } = state;
  if (facts === undefined || story !== undefined) return;
  const { pid, node } = facts.process;
  setText(byId('process'), `process ${pid} · Node ${node}`);
  for (const [name, { count }] of Object.entries(VIEWS)) {
    const number = count?.() ?? 0;
    setText(byId(`tab-${name}`).querySelector('.count'), number > 0 ? String(number) : '');
  }
  numbers.update(state);
  VIEWS[current].view.update(state);
}

function setStatus(kind, text) {
  byId('status').dataset.state = kind;
  setText(byId('status'), text);
}

function onState(message) {
  if (isPaused || state.mode === 'file') return;
  state.take(message);
  draw();
}

function onStatus(status) {
  if (state.mode === 'file') return;
  const texts = {
    live: 'live',
    lost: 'connection lost, trying again',
    refused: 'no access: open the URL that inspect() returned, with what is behind its #',
  };
  setStatus(status, texts[status]);
}

async function loadEvents() {
  if (state.mode === 'file' || isPaused) return;
  const response = await ask('recording');
  if (!response.ok) return;
  const { events, leftOut } = await response.json();
  state.events = events;
  state.leftOut = leftOut;
  draw();
}

function pause() {
  isPaused = !isPaused;
  byId('pause').setAttribute('aria-pressed', String(isPaused));
}

async function openFile(file) {
  try {
    const recording = JSON.parse(await file.text());
    if (recording.kind === 'simulation') {
      openStory(recording, file.name);
      return;
    }
    closeStory();
    state.open(recording);
    const when = new Date(state.facts.wallTime).toLocaleString();
    setStatus('file', `recording of ${when}: ${file.name}`);
    show('overview');
  } catch (error) {
    setStatus('lost', `${file.name}: ${error.message}`);
  }
}

/** A failed simulation has no sockets and no requests: the viewer of stories shows it. */
function openStory(recording, name) {
  const view = new StoryView();
  view.show(recording);
  story = view;
  state.mode = 'file';
  for (const id of ['numbers', 'tabs', 'save', 'perfetto', 'pause']) byId(id).hidden = true;
  byId('view').replaceChildren(view.element);
  view.toEnd();
  setText(byId('process'), '');
  setStatus('file', `simulation: ${name}`);
}

function closeStory() {
  story = undefined;
  for (const id of ['numbers', 'tabs', 'save', 'perfetto', 'pause']) byId(id).hidden = false;
}

byId('pause').addEventListener('click', pause);
byId('save').addEventListener('click', () => {
  if (state.mode === 'live') void save('recording', 'awaitio-recording.json');
  else saveText(JSON.stringify(recordingNow()), 'awaitio-recording.json');
});
byId('perfetto').addEventListener(
  'click',
  () => void save('perfetto', 'awaitio-recording.perfetto.json'),
);
byId('open').addEventListener('click', () => byId('file').click());
byId('file').addEventListener('change', ({ target }) => {
  if (target.files[0] !== undefined) void openFile(target.files[0]);
});
addEventListener('dragover', (event) => event.preventDefault());
addEventListener('drop', (event) => {
  event.preventDefault();
  const [file] = event.dataTransfer.files;
  if (file !== undefined) void openFile(file);
});

function recordingNow() {
  const parts = ['sockets', 'tasks', 'requests', 'routes'].map((part) => [
    part,
    [...state[part].values()],
  ]);
  const inspection = { ...state.facts, ...Object.fromEntries(parts) };
  const { events, leftOut } = state;
  return { format: 'awaitio-recording', version: 1, inspection, leftOut, events };
}

addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && detail.isOpen) detail.close();
  if (event.target.matches('input') || event.ctrlKey || event.metaKey || event.altKey) return;
  if (story !== undefined) {
    if (story.onKey(event.key)) event.preventDefault();
    return;
  }
  const names = Object.keys(VIEWS);
  const name = names[Number(event.key) - 1];
  if (name !== undefined) show(name);
  if (event.target.role === 'tab' && (event.key === 'ArrowRight' || event.key === 'ArrowLeft')) {
    const step = event.key === 'ArrowRight' ? 1 : -1;
    show(names.at((names.indexOf(current) + step) % names.length));
    byId(`tab-${current}`).focus();
  }
  if (event.key === 'p') pause();
  if (event.key === '/') {
    event.preventDefault();
    VIEWS[current].view.focusFilter?.();
  }
});
// Ages go on between two states.
setInterval(() => {
  if (!isPaused && state.mode === 'live' && !document.hidden) draw();
}, 500);
setInterval(() => void VIEWS[current].view.refresh?.(), 3_000);

show('overview');
if (location.protocol === 'file:') setStatus('file', 'open a recording, or drop it here');
else if (hasToken) void follow(onState, onStatus);
else onStatus('refused');
