/** Headless Chromium, driven by its DevTools protocol over a pipe: messages are JSON, each with a NUL behind it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--autoplay-policy=no-user-gesture-required',
  '--remote-debugging-pipe',
  '--window-size=900,700',
];

export class Browser {
  #child;
  #pending = new Map();
  #lastId = 0;
  #text = '';
  /** What pages reported: exceptions, and errors on their consoles. */
  errors = [];

  static async launch(path, profile) {
    const browser = new Browser();
    browser.#child = spawn(path, [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    browser.#child.on('error', (error) => browser.#fail(error));
    browser.#child.on('exit', () => browser.#fail(new Error('Chromium has ended')));
    browser.#child.stdio[4].setEncoding('utf8').on('data', (text) => browser.#receive(text));
    await browser.send('Browser.getVersion');
    return browser;
  }

  send(method, params = {}, sessionId) {
    const id = (this.#lastId += 1);
    this.#child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
  }

  async page() {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page((method, params) => this.send(method, params, sessionId));
    for (const domain of ['Page', 'Runtime', 'DOM']) await page.send(`${domain}.enable`);
    return page;
  }

  async close() {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.send('Browser.close').catch(() => {});
    await ended;
  }

  #receive(text) {
    const parts = (this.#text + text).split('\0');
    this.#text = parts.pop();
    for (const part of parts) this.#take(JSON.parse(part));
  }

  #take({ id, result, error, method, params }) {
    if (method === 'Runtime.exceptionThrown') {
      this.errors.push(params.exceptionDetails.exception?.description ?? 'an exception');
    }
    if (method === 'Runtime.consoleAPICalled' && params.type === 'error') {
      this.errors.push(params.args.map(({ value, description }) => value ?? description).join(' '));
    }
    // Only of pages that enabled the domain `Log`: what could not be loaded, for example.
    if (method === 'Log.entryAdded' && params.entry.level === 'error') {
      this.errors.push(`${params.entry.text} ${params.entry.url ?? ''}`);
    }
    const waiting = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error.message));
  }

  #fail(error) {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

class Page {
  constructor(send) {
    this.send = send;
  }

  async goto(url) {
    await this.send('Page.navigate', { url });
    await this.until(
      `document.readyState === 'complete' && location.href === ${JSON.stringify(url)}`,
    );
  }

  /** The value of an expression, or of its promise. */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) {
      throw new Error(`${expression}: ${exceptionDetails.exception?.description}`);
    }
    return result.value;
  }

  /** Waits until an expression holds, looking once a frame. */
  async until(expression) {
    const look = `new Promise((resolve) => { const look = () => (${expression}) ? resolve() : setTimeout(look, 20); look(); })`;
    for (;;) {
      try {
        return await this.evaluate(look);
      } catch (error) {
        // A page that is left takes its promises with it.
        if (!/context|navigat/i.test(String(error))) throw error;
      }
    }
  }

  async setFile(selector, path) {
    const { root } = await this.send('DOM.getDocument');
    const { nodeId } = await this.send('DOM.querySelector', { nodeId: root.nodeId, selector });
    await this.send('DOM.setFileInputFiles', { nodeId, files: [path] });
  }

  async screenshot(path) {
    const { data } = await this.send('Page.captureScreenshot');
    await writeFile(path, Buffer.from(data, 'base64'));
  }
}
