// Finds and sorts what the page lists. Without it the page is a plain list.
(() => {
  "use strict";

  const form = document.querySelector("form[role=search]");
  const list = document.getElementById("videos");
  if (!form || !list) return;
  const language = document.documentElement.lang || undefined;
  const collator = new Intl.Collator(language, { numeric: true, sensitivity: "base" });
  // Found without regard to case and accents: "Uber" finds "Über".
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const cards = [...list.children].map((element, place) => ({
    element,
    place,
    title: element.querySelector("h2").textContent,
    text: plain(element.textContent),
    length: Number(element.dataset.length || -1),
    date: Number(element.dataset.date || 0),
  }));
  const orders = {
    listed: (a, b) => a.place - b.place,
    title: (a, b) => collator.compare(a.title, b.title) || a.place - b.place,
    length: (a, b) => a.length - b.length || a.place - b.place,
    newest: (a, b) => b.date - a.date || a.place - b.place,
  };
  const [search, sort] = [form.elements.q, form.elements.sort];
  const found = document.getElementById("found");

  function show() {
    const words = plain(search.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const card of cards) {
      const fits = words.every((word) => card.text.includes(word));
      card.element.hidden = !fits;
      shown += fits;
    }
    found.textContent = words.length
      ? found.dataset.text.replace("{shown}", shown).replace("{all}", cards.length)
      : "";
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  search.addEventListener("input", show);
  sort.addEventListener("change", () => {
    list.append(...[...cards].sort(orders[sort.value]).map((card) => card.element));
  });
  form.hidden = false;
  search.value = new URLSearchParams(window.location.search).get("q") || "";
  show();
})();
