/** The viewer as a separate page: it shows the recording that it holds, or one that is dropped on it. */
import { byId, setText } from '../dom.js';
import { StoryView } from './view.js';

const view = new StoryView();

function show(text, name) {
  try {
    const file = JSON.parse(text);
    view.show(file);
    byId('view').replaceChildren(view.element);
    view.toEnd();
    setText(byId('status'), name);
    document.title = (file.simulation?.what ?? name).split('\n')[0];
  } catch (error) {
    setText(byId('status'), `${name}: ${error.message}`);
  }
}

async function open(file) {
  show(await file.text(), file.name);
}

byId('open').addEventListener('click', () => byId('file').click());
byId('file').addEventListener('change', ({ target }) => {
  if (target.files[0] !== undefined) void open(target.files[0]);
});
addEventListener('dragover', (event) => event.preventDefault());
addEventListener('drop', (event) => {
  event.preventDefault();
  const [file] = event.dataTransfer.files;
  if (file !== undefined) void open(file);
});
addEventListener('keydown', (event) => {
  const isTyping = event.target.matches('input');
  if ((isTyping && event.key !== 'Escape') || event.ctrlKey || event.metaKey || event.altKey)
    return;
  if (view.onKey(event.key)) event.preventDefault();
});

show(byId('recording').textContent, 'a failed simulation');
