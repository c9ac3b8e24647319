'use strict';
(() => {
  const root = document.documentElement;
  const form = document.getElementById('filter');
  const box = document.getElementById('q');
  const count = document.getElementById('count');
  const none = document.getElementById('none');
  const hits = document.getElementById('hits');
  const toc = document.getElementById('toc');
  const entries = [...document.querySelectorAll('.entry')];
  const links = new Map([...document.querySelectorAll('[data-for]')].map((li) => [li.dataset.for, li]));
  const parts = [...document.querySelectorAll('.entry [data-eras]')];
  const chapters = [...document.querySelectorAll('.chapter')];
  const groups = [...document.querySelectorAll('.toc')];
  root.classList.add('js');
  if (matchMedia('(max-width: 900px)').matches) toc.open = false;

  const has = (list, word) => list === undefined || list.split(' ').includes(word);

  // What has the words in its name comes first, as links: the likeliest is rarely the topmost entry.
  function name(words) {
    const found = entries.filter((e) => {
      const own = e.id.slice(e.id.indexOf('-') + 1).toLowerCase();
      return !e.hidden && e.matches('article') && words.every((w) => own.includes(w));
    });
    hits.hidden = words.length === 0 || found.length === 0;
    hits.replaceChildren(
      ...found.slice(0, 30).map((e) => {
        const a = document.createElement('a');
        a.href = `#${e.id}`;
        a.textContent = e.querySelector('h3 a').textContent;
        return a;
      }),
    );
  }

  function apply() {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    const era = form.elements.era.value;
    const dir = form.elements.dir.value;
    let shown = 0;
    for (const e of entries) {
      const fits =
        words.every((w) => e.dataset.s.includes(w)) &&
        (!era || has(e.dataset.eras, era)) &&
        (!dir || (e.dataset.dir !== undefined && has(e.dataset.dir, dir)));
      e.hidden = !fits;
      shown += fits;
      const link = links.get(e.id);
      if (link) link.hidden = !fits;
    }
    for (const p of parts) p.hidden = Boolean(era) && !has(p.dataset.eras, era);
    for (const c of chapters) c.hidden = !c.querySelector('.entry:not([hidden])');
    for (const g of groups) {
      const to = document.getElementById(g.querySelector('.head').hash.slice(1));
      g.hidden = to !== null && to.hidden;
    }
    const all = shown === entries.length;
    document.getElementById('top').hidden = words.length > 0;
    none.hidden = shown > 0;
    name(words);
    count.value = all ? '' : `${shown} of ${entries.length} entries`;
  }

  function reset() {
    form.reset();
    apply();
  }

  // A link to what a filter hides takes the filter away.
  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest('[hidden]')) reset();
    target.scrollIntoView();
  }

  form.addEventListener('input', () => {
    apply();
    if (box.value) scrollTo(0, 0);
  });
  form.addEventListener('submit', (e) => e.preventDefault());
  document.getElementById('reset').addEventListener('click', () => {
    reset();
    box.focus();
  });
  addEventListener('hashchange', reveal);
  toc.addEventListener('click', (e) => {
    if (e.target.closest('a') && matchMedia('(max-width: 900px)').matches) toc.open = false;
  });
  addEventListener('keydown', (e) => {
    if (e.key === '/' && document.activeElement !== box) {
      e.preventDefault();
      box.select();
    } else if (e.key === 'Escape' && document.activeElement === box) {
      reset();
    }
  });
  addEventListener('beforeprint', () => {
    for (const d of document.querySelectorAll('details')) d.open = true;
  });
  apply();
})();
