// What a page around one player adds: links to a time, chapters, and the page that shows this one in an iframe.
(() => {
  "use strict";

  const page = window.KalturaPage;
  const frame = document.querySelector("[data-kaltura-frame]");
  if (frame) page.players.push(inFrame(frame));
  if (!page.players.length) return;
  const controls = page.of();
  const { hosts = [] } = controls.options;

  // A player in an iframe of another site takes orders only by its address: it is loaded anew where it shall start.
  function inFrame(element) {
    const options = JSON.parse(element.dataset.kalturaFrame);
    const address = new URL(element.src);
    const show = (start, playback) => {
      const config = JSON.parse(address.searchParams.get("config[playback]") || "{}");
      address.searchParams.set("config[playback]", JSON.stringify({ ...config, ...playback }));
      address.searchParams.set("kalturaStartTime", String(start));
      element.src = address.href;
    };
    const refuse = () =>
      Promise.reject(new Error("A player in an iframe can only be told where to start: use embed_type dynamic"));
    const made = { element: element.parentElement, options, on: () => () => {} };
    for (const name of page.methods) made[name] = refuse;
    made.seek = async (seconds) => {
      const wanted = Number(seconds);
      if (!(wanted >= 0)) throw new RangeError(`seek: seconds must be a number from 0 on, not ${seconds}`);
      show(wanted, { autoplay: true });
      return wanted;
    };
    const start = page.timeOfAddress();
    const language = new URLSearchParams(window.location.search).get("cc");
    if (start || language) show(start, language ? { textLanguage: language, captionsDisplay: true } : {});
    return made;
  }

  function go(seconds) {
    return controls.seek(seconds).then(() => (frame ? undefined : controls.play())).catch(() => {});
  }

  window.addEventListener("hashchange", () => {
    if (/[#&]t=/.test(window.location.hash)) go(page.timeOfAddress());
  });

  const chapters = [...document.querySelectorAll("button[data-seconds]")];
  for (const button of chapters) {
    button.disabled = false;
    button.addEventListener("click", () => go(Number(button.dataset.seconds)));
  }
  if (chapters.length) {
    controls.on("timeupdate", ({ currentTime }) => {
      const current = chapters.filter((each) => Number(each.dataset.seconds) <= currentTime + 0.05).pop();
      for (const each of chapters) {
        if (each === current) each.setAttribute("aria-current", "true");
        else each.removeAttribute("aria-current");
      }
    });
  }

  // The page around this one, if its origin is one of those the author allowed. Answers go to that origin alone.
  if (!hosts.length || window.parent === window) return;
  const subscribed = new Set();
  const around = window.location.ancestorOrigins
    ? window.location.ancestorOrigins[0]
    : document.referrer && new URL(document.referrer).origin;
  let origin = hosts.includes(around) ? around : null;
  const tell = (message) => window.parent.postMessage({ kaltura: 1, ...message }, origin);
  const calls = {
    subscribe: async (...names) => {
      for (const name of names) {
        if (!page.events.includes(name)) throw new TypeError(`There is no event ${name}: use ${page.events.join(", ")}`);
        if (subscribed.has(name)) continue;
        subscribed.add(name);
        controls.on(name, (detail) => tell({ event: name, detail }));
      }
    },
  };
  for (const name of page.methods) calls[name] = (...values) => controls[name](...values);
  window.addEventListener("message", async (event) => {
    const message = event.data;
    if (event.source !== window.parent || !hosts.includes(event.origin) || !message || message.kaltura !== 1) return;
    origin = event.origin;
    const { id = null, method, args = [] } = message;
    try {
      if (!Object.hasOwn(calls, method) || !Array.isArray(args)) {
        throw new TypeError(`There is no method ${method}: use ${Object.keys(calls).join(", ")}`);
      }
      const result = await calls[method](...args);
      tell({ id, result: result === undefined ? null : result });
    } catch (error) {
      tell({ id, error: error.message });
    }
  });
  if (origin !== null) tell({ event: "listening", detail: { entryId: controls.options.entryId } });
})();
