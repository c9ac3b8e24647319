"use strict";
(() => {
  const form = document.getElementById("filter");
  const rows = [...document.querySelectorAll(".matrix tbody tr")];
  const texts = rows.map((r) => r.textContent.toLowerCase());
  const count = document.getElementById("count");
  const apply = () => {
    const word = document.getElementById("q").value.trim().toLowerCase();
    const show = form.querySelector("input[name=show]:checked").value;
    let shown = 0;
    rows.forEach((row, n) => {
      const fits = (!word || texts[n].includes(word)) && (!show || row.dataset.is.split(" ").includes(show));
      row.hidden = !fits;
      shown += fits;
    });
    count.textContent = `${shown} of ${rows.length}`;
  };
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (e) => e.preventDefault());
  // A link to a requirement that the filter hides shows it again.
  addEventListener("hashchange", () => {
    const row = document.getElementById(location.hash.slice(1));
    if (row && row.hidden) {
      form.reset();
      apply();
      row.scrollIntoView();
    }
  });
  apply();
})();
