// How long a page takes to open and to draw. Usage: node measure.js CHROMIUM PAGE [SCREENSHOT]
const fs = require('node:fs');
const { Browser } = require('./browser.js');

async function main() {
  const [program, page, shot] = process.argv.slice(2);
  const b = await Browser.start(program, '1600,1000');
  const took = await b.open(page);
  const data = () => b.ask('({ ...document.documentElement.dataset })');
  const { ready } = await data();
  const middle = n => n.sort((a, c) => a - c)[n.length >> 1].toFixed(1);
  const draws = async () => {
    const all = [];
    for (let i = 0; i < 15; i++) {
      await b.ask("document.dispatchEvent(new Event('locospec-measure'))");
      all.push(Number((await data()).draw));
    }
    return middle(all);
  };
  const near = await draws();
  await b.key('0');
  const whole = await draws();
  if (shot) await b.shot(shot.replace(/\.png$/, '-all.png'));
  await b.key('o'); await b.key('0');
  const time = await draws();
  if (shot) await b.shot(shot.replace(/\.png$/, '-time.png'));
  await b.key('o'); await b.key('f');
  if (shot) await b.shot(shot);
  console.log(`${(fs.statSync(page).size / 1048576).toFixed(1)} MiB: open ${took} ms (script ${ready} ms); a drawing: near ${near} ms, all rows ${whole} ms, all of the time ${time} ms`);
  console.log((await b.ask("document.getElementById('shown').textContent")), '|', await b.ask("document.getElementById('left').textContent"));
  await b.stop();
}
main().catch(e => { console.error(e); process.exit(1); });
