// A headless Chromium that is told what to do over a pipe (the DevTools protocol), so that no package is needed.
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

class Browser {
  static async start(program, size) {
    const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'locospec-page-'));
    const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
      '--disable-default-apps', '--disable-extensions', '--hide-scrollbars', '--remote-debugging-pipe', `--user-data-dir=${profile}`, `--window-size=${size}`, 'about:blank'];
    const child = spawn(program, flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    const browser = new Browser(child, profile);
    const { targetInfos } = await browser.send('Target.getTargets');
    const page = targetInfos.find(t => t.type === 'page');
    const { sessionId } = await browser.send('Target.attachToTarget', { targetId: page.targetId, flatten: true });
    browser.session = sessionId;
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await browser.send(domain + '.enable');
    return browser;
  }

  constructor(child, profile) {
    Object.assign(this, { child, profile, next: 1, waiting: new Map(), heard: [], session: undefined, rest: '' });
    const [out, into] = [child.stdio[3], child.stdio[4]];
    this.out = out;
    into.setEncoding('utf8');
    into.on('data', text => {
      const parts = (this.rest + text).split('\0');
      this.rest = parts.pop();
      for (const part of parts) this.hear(JSON.parse(part));
    });
    child.on('exit', code => { for (const w of this.waiting.values()) w.no(new Error(`the browser has ended (${code})`)); });
  }

  hear(message) {
    const waits = this.waiting.get(message.id);
    if (waits) {
      this.waiting.delete(message.id);
      if (message.error) waits.no(new Error(message.error.message)); else waits.yes(message.result);
    } else if (message.method) this.heard.push(message);
  }

  send(method, params = {}) {
    const id = this.next++;
    return new Promise((yes, no) => {
      this.waiting.set(id, { yes, no });
      this.out.write(JSON.stringify({ id, method, params, sessionId: this.session }) + '\0');
    });
  }

  // What the page thinks of an expression.
  async ask(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  async until(expression, within = 60000) {
    const by = Date.now() + within;
    while (!(await this.ask(expression))) {
      if (Date.now() > by) throw new Error(`it never came to be: ${expression}`);
      await new Promise(r => setTimeout(r, 50));
    }
  }

  async open(file) {
    const began = Date.now();
    await this.send('Page.navigate', { url: 'file://' + path.resolve(file) });
    await this.until('Boolean(document.documentElement?.dataset.ready)');
    return Date.now() - began;
  }

  // One frame has been drawn since.
  frame() { return this.ask('new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r(true))))'); }

  async click(x, y) {
    for (const type of ['mousePressed', 'mouseReleased']) await this.send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
    await this.frame();
  }

  async wheel(x, y, deltaY) {
    await this.send('Input.dispatchMouseEvent', { type: 'mouseWheel', x, y, deltaX: 0, deltaY });
    await this.frame();
  }

  async key(key) {
    const text = key.length === 1 ? key : undefined;
    await this.send('Input.dispatchKeyEvent', { type: text ? 'keyDown' : 'rawKeyDown', key, text, windowsVirtualKeyCode: { Enter: 13, Escape: 27, ArrowUp: 38, ArrowDown: 40, Tab: 9, End: 35, Home: 36 }[key] });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', key });
    await this.frame();
  }

  async type(text) { for (const c of text) await this.key(c); }

  async shot(file) {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' });
    fs.writeFileSync(file, Buffer.from(data, 'base64'));
  }

  // What the console and the network have had to say: errors, and addresses that are no file.
  complaints() {
    const errors = this.heard.filter(m => m.method === 'Runtime.exceptionThrown' || (m.method === 'Runtime.consoleAPICalled' && ['error', 'warning'].includes(m.params.type)) || (m.method === 'Log.entryAdded' && ['error', 'warning'].includes(m.params.entry.level)));
    const asked = this.heard.filter(m => m.method === 'Network.requestWillBeSent').map(m => m.params.request.url).filter(url => !url.startsWith('file://'));
    return [...errors.map(m => JSON.stringify(m.params)), ...asked.map(url => 'asked the network for ' + url)];
  }

  async stop() {
    await this.send('Browser.close').catch(() => {});
    await new Promise(r => { if (this.child.exitCode !== null) r(); else this.child.on('exit', r); });
    fs.rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
module.exports = { Browser };
