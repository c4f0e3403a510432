/**
 * A table of any number of rows, of which only those in view are elements: 10,000 rows are as fast as ten.
 *
 * Sorting and filtering are done on the rows' values. A row keeps its element while it is in view, so that a screen reader, a
 * selection and a pointer do not lose it when the table is drawn again.
 */
import { h, setText } from './dom.js';
import { number } from './format.js';

/** On a phone a row has three lines, so that its texts can be read. */
const narrow = matchMedia('(max-width: 640px)');
const rowHeight = () => (narrow.matches ? 62 : 30);
/** Rows drawn above and below what is in view. */
const MARGIN = 8;

/**
 * @typedef {object} Column
 * @property {string} title
 * @property {string} width A track of CSS grid.
 * @property {string} [narrow] The same on a phone.
 * @property {(row: object, now: number) => string} text
 * @property {(row: object, now: number) => number | string} [sort] What to sort by; by default its text.
 * @property {(row: object, now: number) => number} [heat]
 * @property {boolean} [isNumber]
 * @property {boolean} [isWide] Left out on a phone.
 * @property {boolean} [isMono]
 */

export class Table {
  #columns;
  #keyOf;
  #onOpen;
  #find;
  #level;
  #rows = [];
  #shown = [];
  #now = 0;
  #sort;
  #filter = '';
  #selected;
  #elements = new Map();
  #rowsElement;
  #spacer;
  #head;
  #total;
  #input;
  element;

  /**
   * @param {object} options
   * @param {string} options.label What the table holds.
   * @param {Column[]} options.columns
   * @param {(row: object) => string} options.keyOf
   * @param {(row: object) => void} options.onOpen
   * @param {(row: object) => string} options.find The text that a filter looks in.
   * @param {{ column: number, isDescending: boolean }} [options.sort]
   * @param {(row: object) => number} [options.level] The depth of a row of a tree, whose order is kept.
   */
  constructor({ label, columns, keyOf, onOpen, find, sort, level }) {
    this.#columns = columns;
    this.#keyOf = keyOf;
    this.#onOpen = onOpen;
    this.#find = find;
    this.#sort = sort;
    this.#level = level;
    this.#input = h('input', {
      type: 'search',
      placeholder: `Filter ${label.toLowerCase()}`,
      'aria-label': `Filter ${label.toLowerCase()}`,
      oninput: () => {
        this.#filter = this.#input.value.toLowerCase();
        this.#draw();
      },
    });
    this.#total = h('span', { class: 'total', role: 'status' });
    this.#head = h(
      'div',
      { class: 'line head', role: 'row' },
      ...columns.map((column, index) => this.#headCell(column, index)),
    );
    this.#spacer = h('div', { class: 'spacer', role: 'rowgroup' });
    this.#rowsElement = h(
      'div',
      {
        class: 'rows',
        tabindex: '0',
        'aria-label': `${label}: rows`,
        onscroll: () => this.#place(),
        onkeydown: (event) => this.#onKey(event),
      },
      this.#spacer,
    );
    this.element = h(
      'section',
      { 'aria-label': label },
      h('div', { class: 'tools' }, this.#input, this.#total),
      h(
        'div',
        { class: 'table', role: level === undefined ? 'grid' : 'treegrid', 'aria-label': label },
        h('div', { class: 'titles', role: 'rowgroup' }, this.#head),
        this.#rowsElement,
      ),
    );
    this.#setColumns(this.#head);
  }

  /** Shows rows. */
  update(rows, now) {
    this.#rows = rows;
    this.#now = now;
    this.#draw();
  }

  focusFilter() {
    this.#input.focus();
  }

  /** Sets the text of the filter, as if it were typed. */
  filter(text) {
    this.#input.value = text;
    this.#filter = text.toLowerCase();
  }

  #headCell(column, index) {
    const cell = h('div', { role: 'columnheader', class: classOf(column) });
    if (this.#level !== undefined) {
      cell.textContent = column.title;
      return cell;
    }
    cell.append(
      h('button', { type: 'button', text: column.title, onclick: () => this.#sortBy(index) }),
    );
    return cell;
  }

  #sortBy(column) {
    const isSame = this.#sort?.column === column;
    this.#sort = { column, isDescending: isSame ? !this.#sort.isDescending : true };
    this.#draw();
  }

  /** On a phone, columns that are left out have no track either. */
  #setColumns(element) {
    element.style.gridTemplateColumns = this.#columns
      .filter(({ isWide }) => !narrow.matches || isWide !== true)
      .map(({ width, narrow: onPhone = width }) => (narrow.matches ? onPhone : width))
      .join(' ');
  }

  #draw() {
    const filter = this.#filter;
    const found =
      filter === ''
        ? [...this.#rows]
        : this.#rows.filter((row) => this.#find(row).toLowerCase().includes(filter));
    this.#shown = this.#sort === undefined ? found : this.#sorted(found);
    const all = number(this.#rows.length);
    setText(this.#total, filter === '' ? all : `${number(found.length)} of ${all}`);
    for (const [index, cell] of [...this.#head.children].entries()) {
      const isSorted = this.#sort?.column === index;
      const order = this.#sort?.isDescending === true ? 'descending' : 'ascending';
      if (isSorted) cell.setAttribute('aria-sort', order);
      else cell.removeAttribute('aria-sort');
    }
    this.#setColumns(this.#head);
    const height = Math.min(this.#shown.length * rowHeight(), Math.max(240, innerHeight - 330));
    this.#rowsElement.style.height = `${Math.max(rowHeight(), height)}px`;
    this.#spacer.style.height = `${this.#shown.length * rowHeight()}px`;
    this.#place();
  }

  #sorted(rows) {
    const { column, isDescending } = this.#sort;
    const { sort, text } = this.#columns[column];
    const valueOf = sort ?? text;
    const keyed = rows.map((row) => [valueOf(row, this.#now), row]);
    const sign = isDescending ? -1 : 1;
    keyed.sort(([a], [b]) => (a < b ? -sign : a > b ? sign : 0));
    return keyed.map(([, row]) => row);
  }

  /** Puts the rows that are in view in their places. */
  #place() {
    const first = Math.max(0, Math.floor(this.#rowsElement.scrollTop / rowHeight()) - MARGIN);
    const count = Math.ceil(this.#rowsElement.clientHeight / rowHeight()) + 2 * MARGIN;
    const used = new Set();
    for (let index = first; index < Math.min(first + count, this.#shown.length); index += 1) {
      const row = this.#shown[index];
      const key = this.#keyOf(row);
      used.add(key);
      let element = this.#elements.get(key);
      if (element === undefined) {
        element = this.#rowElement(key);
        this.#elements.set(key, element);
        this.#spacer.append(element);
      }
      this.#fill(element, row, index);
    }
    for (const [key, element] of this.#elements) {
      if (used.has(key)) continue;
      element.remove();
      this.#elements.delete(key);
    }
  }

  #rowElement(key) {
    const element = h(
      'div',
      { class: 'line', role: 'row', onclick: () => this.#select(key, true) },
      ...this.#columns.map((column) => h('span', { role: 'gridcell', class: classOf(column) })),
    );
    this.#setColumns(element);
    return element;
  }

  #fill(element, row, index) {
    element.style.top = `${index * rowHeight()}px`;
    element.setAttribute('aria-rowindex', String(index + 2));
    element.setAttribute('aria-selected', String(this.#keyOf(row) === this.#selected));
    const level = this.#level?.(row);
    if (level !== undefined) element.setAttribute('aria-level', String(level + 1));
    for (const [at, column] of this.#columns.entries()) {
      const cell = element.children[at];
      const text = column.text(row, this.#now);
      if (cell.textContent !== text) {
        cell.textContent = text;
        cell.title = text;
      }
      if (column.heat !== undefined) {
        cell.dataset.heat = String(column.heat(row, this.#now));
        cell.classList.add('heat');
      }
      if (at === 0 && level !== undefined)
        cell.style.paddingLeft = `${level * (narrow.matches ? 8 : 18)}px`;
    }
  }

  #select(key, opens) {
    this.#selected = key;
    this.#place();
    const row = this.#shown.find((each) => this.#keyOf(each) === key);
    if (opens && row !== undefined) this.#onOpen(row);
  }

  #onKey(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -1e9, End: 1e9 };
    const at = this.#shown.findIndex((row) => this.#keyOf(row) === this.#selected);
    if (event.key === 'Enter' && at !== -1) {
      // Or the button that has the focus then is pressed as well.
      event.preventDefault();
      this.#onOpen(this.#shown[at]);
    }
    const step = steps[event.key];
    if (step === undefined || this.#shown.length === 0) return;
    event.preventDefault();
    const to = Math.min(Math.max(at + step, 0), this.#shown.length - 1);
    const top = to * rowHeight();
    const { scrollTop, clientHeight } = this.#rowsElement;
    if (top < scrollTop) this.#rowsElement.scrollTop = top;
    if (top + rowHeight() > scrollTop + clientHeight) {
      this.#rowsElement.scrollTop = top + rowHeight() - clientHeight;
    }
    this.#select(this.#keyOf(this.#shown[to]), false);
  }
}

function classOf({ isNumber, isWide, isMono }) {
  return [isNumber && 'number', isWide && 'wide', isMono && 'mono'].filter(Boolean).join(' ');
}
