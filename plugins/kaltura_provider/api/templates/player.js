// Starts the players of a page and drives them by their own JavaScript API, as window.KalturaPage: docs/players.md.
// All data stand in the attribute data-kaltura of an element around each player; nothing is written into this text.
(() => {
  "use strict";

  // Events of the page, each with the names of the player's own.
  const EVENTS = {
    loaded: ["MEDIA_LOADED"],
    play: ["PLAY"],
    playing: ["PLAYING"],
    pause: ["PAUSE"],
    ended: ["ENDED"],
    seeking: ["SEEKING"],
    seeked: ["SEEKED"],
    waiting: ["WAITING"],
    timeupdate: ["TIME_UPDATE"],
    volumechange: ["VOLUME_CHANGE", "MUTE_CHANGE"],
    ratechange: ["RATE_CHANGE"],
    trackschange: ["TRACKS_CHANGED"],
    captionschange: ["TEXT_TRACK_CHANGED"],
    playfailed: ["PLAY_FAILED", "AUTOPLAY_FAILED"],
  };
  const NAMES = ["ready", "error", ...Object.keys(EVENTS)];
  const METHODS = [
    "play", "pause", "seek", "mute", "unmute", "volume", "playbackRate", "captions", "captionLanguages", "state",
  ];
  // What the player calls the reasons for which it does not play.
  const REASONS = {
    1: "network", 12: "processing", 13: "country", 14: "access", 15: "access", 16: "site", 17: "schedule", 18: "access",
    19: "gone",
  };
  const CRITICAL = 2;
  const NETWORK = 1;
  const scripts = new Map();
  let queue = Promise.resolve();

  // One after the other: each brings its configuration in a global that the next one would overwrite.
  function inTurn(work) {
    const done = queue.then(work);
    queue = done.catch(() => {});
    return done;
  }

  function loadScript(url) {
    return new Promise((resolve, reject) => {
      const element = document.createElement("script");
      element.onload = resolve;
      element.onerror = () => {
        element.remove();
        reject(new Error(url));
      };
      element.src = url;
      document.head.append(element);
    });
  }

  function limited(value, low, high, what) {
    const number = Number(value);
    if (value === null || value === "" || !Number.isFinite(number) || number < low) {
      throw new RangeError(`${what} must be a number from ${low} on, not ${value}`);
    }
    return Math.min(number, high);
  }

  // Reads 90, 90s, 1m30s, 1h2m3s, 1:30 and 1:02:03.
  function seconds(text) {
    const clock = /^(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2}(?:\.\d+)?)$/.exec(text);
    const units = /^(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6}(?:\.\d+)?)s?)?$/.exec(text);
    const found = clock || units;
    return found ? Number(found[1] || 0) * 3600 + Number(found[2] || 0) * 60 + Number(found[3] || 0) : 0;
  }

  // Where an address says to start: ?t=90 or #t=90; the second wins, as a link within the page changes it.
  function timeOfAddress() {
    const { search, hash } = window.location;
    const wanted = new URLSearchParams(hash.slice(1)).get("t") ?? new URLSearchParams(search).get("t") ?? "";
    return seconds(wanted.split(",")[0].trim());
  }

  function sameLanguage(tag, wanted) {
    const [have, want] = [String(tag).toLowerCase(), String(wanted).toLowerCase()];
    return have === want || have.split("-")[0] === want || have === want.split("-")[0];
  }

  class Controls {
    constructor(element) {
      this.element = element;
      this.options = JSON.parse(element.dataset.kaltura);
      this.player = null;
      this.hasTracks = false;
      this.making = null;
      this.start = this.options.start || 0;
      this.language = null;
      if (this.options.links) {
        this.start = timeOfAddress() || this.start;
        this.language = new URLSearchParams(window.location.search).get("cc");
      }
      if (this.options.duration && this.start >= this.options.duration) this.start = 0;
    }

    begin() {
      const button = this.element.querySelector("button");
      if (this.options.type !== "thumbnail" || !button) return void this.made().catch(() => {});
      button.addEventListener("click", () => this.play().catch(() => {}));
      button.disabled = false;
    }

    // The player, made at the first need of it.
    made() {
      this.making = this.making || this.make();
      return this.making;
    }

    async make() {
      const { script, entryId, setup } = this.options;
      try {
        await inTurn(async () => {
          if (!scripts.has(script)) scripts.set(script, loadScript(script));
          await scripts.get(script);
          this.setUp(setup);
        });
      } catch (error) {
        scripts.delete(script);
        this.making = null;
        throw this.fail("load", { detail: error.message });
      }
      const place = this.start ? { startTime: this.start } : undefined;
      // What goes wrong comes as an event too.
      this.player.loadMedia({ entryId }, place).catch(() => {});
      this.emit("ready");
      return this.player;
    }

    setUp(setup) {
      const target = this.element.querySelector("[role=region]");
      // The same entry twice on a page: the player finds its place by the name.
      if (document.getElementById(target.id) !== target) target.id = `${target.id}-${page.players.indexOf(this)}`;
      const button = target.querySelector("button");
      const hadFocus = button !== null && button === document.activeElement;
      if (button) button.remove();
      const player = window.KalturaPlayer.setup({ ...setup, targetId: target.id });
      this.player = player;
      for (const [name, own] of Object.entries(EVENTS)) {
        for (const each of own) player.addEventListener(player.Event.Core[each], () => this.heard(name));
      }
      player.addEventListener(player.Event.Core.ERROR, (event) => this.failed(event.payload));
      if (hadFocus) this.keepFocus(target);
    }

    // The focus was on the picture: it goes on to the player's own buttons once there are some, where its keys work.
    keepFocus(target) {
      target.tabIndex = -1;
      target.focus();
      const off = this.on("playing", () => {
        off();
        const shown = [...target.querySelectorAll("button")].find((each) => each.getClientRects().length);
        if (shown && document.activeElement === target) shown.focus();
        target.removeAttribute("tabindex");
      });
    }

    heard(name) {
      if (name === "trackschange") {
        this.hasTracks = true;
        const language = this.language;
        this.language = null;
        if (language) this.captions(language).catch(() => {});
      }
      if (name === "playing") this.say("");
      this.emit(name);
    }

    failed(error) {
      if (!error || error.severity !== CRITICAL) return;
      const cause = error.data || {};
      const { messages, results } = cause.data || {};
      const refused = (Array.isArray(results) ? results : []).map((each) => (each.error || {}).code).filter(Boolean);
      let reason = REASONS[error.category] || "other";
      if (reason === "other" && refused.some((code) => code.includes("ENTRY"))) reason = "gone";
      else if (reason === "other" && refused.some((code) => code.includes("KS"))) reason = "access";
      else if (reason === "other" && !refused.length && cause.category === NETWORK) reason = "network";
      const { expires } = this.options;
      if (expires && (refused.some((code) => code.includes("KS")) || Date.now() / 1000 >= expires)) reason = "session";
      // What the account says itself to those it keeps out.
      const said = reason !== "schedule" && Array.isArray(messages) && messages[0] ? messages[0].message : "";
      this.fail(reason, { category: error.category, code: error.code, said: String(said || "") });
    }

    fail(reason, more = {}) {
      const { said, ...rest } = more;
      const message = [this.options.texts[`error_${reason}`], said].filter(Boolean).join(" ");
      this.say(message);
      this.emit("error", { reason, message, ...rest });
      return new Error(message);
    }

    say(message) {
      const place = this.element.querySelector("[data-kaltura-said]");
      if (place && place.textContent !== message) place.textContent = message;
    }

    emit(name, more = {}) {
      const detail = { entryId: this.options.entryId, ...this.now(), ...more };
      this.element.dispatchEvent(new CustomEvent(`kaltura:${name}`, { bubbles: true, detail }));
    }

    now() {
      const { player } = this;
      if (!player) return { currentTime: this.start, duration: null, paused: true };
      return { currentTime: player.currentTime || 0, duration: player.duration || null, paused: player.paused !== false };
    }

    // Waits for one event; an error ends the waiting.
    next(name, failure = "error") {
      return new Promise((resolve, reject) => {
        const stop = [
          this.on(name, (detail) => finish(resolve, detail)),
          ...[...new Set(["error", failure])].map((each) =>
            this.on(each, (detail) => finish(reject, new Error(detail.message || each))),
          ),
        ];
        const finish = (settle, value) => {
          stop.forEach((off) => off());
          settle(value);
        };
      });
    }

    async withMedia() {
      const player = await this.made();
      if (!this.hasTracks) {
        const known = this.next("trackschange");
        player.load();
        await known;
      }
      return player;
    }

    on(name, listener) {
      if (!NAMES.includes(name)) throw new TypeError(`There is no event ${name}: use ${NAMES.join(", ")}`);
      const heard = (event) => listener(event.detail);
      this.element.addEventListener(`kaltura:${name}`, heard);
      return () => this.element.removeEventListener(`kaltura:${name}`, heard);
    }

    async play() {
      const player = await this.made();
      if (player.paused === false) return;
      const playing = this.next("playing", "playfailed");
      player.play();
      await playing;
    }

    async pause() {
      (await this.made()).pause();
    }

    async seek(to) {
      const wanted = limited(to, 0, Infinity, "seek: seconds");
      const player = await this.withMedia();
      const there = this.next("seeked");
      player.currentTime = Math.min(wanted, player.duration || wanted);
      await there;
      return player.currentTime;
    }

    async mute() {
      (await this.made()).muted = true;
    }

    async unmute() {
      (await this.made()).muted = false;
    }

    async volume(to) {
      const player = await this.made();
      if (to !== undefined) player.volume = limited(to, 0, 1, "volume");
      return player.volume;
    }

    async playbackRate(to) {
      const player = await this.withMedia();
      if (to !== undefined) player.playbackRate = limited(to, 0.1, 16, "playbackRate");
      return player.playbackRate;
    }

    async captions(language) {
      const player = await this.withMedia();
      if (language === undefined) return (this.captionTracks().find((track) => track.active) || {}).language || "off";
      if (language === "off") {
        player.hideTextTrack();
        return "off";
      }
      const tracks = this.captionTracks();
      const exact = tracks.find((track) => track.language.toLowerCase() === String(language).toLowerCase());
      const track = exact || tracks.find((each) => sameLanguage(each.language, language));
      if (!track) {
        const known = ["off", ...tracks.map((each) => each.language)].join(", ");
        throw new RangeError(`There are no captions in ${language}: use ${known}`);
      }
      player.selectTrack(track);
      return track.language;
    }

    async captionLanguages() {
      await this.withMedia();
      return this.captionTracks().map(({ language, label, active }) => ({ language, label, active }));
    }

    captionTracks() {
      const { player } = this;
      return player ? player.getTracks(player.Track.TEXT).filter((track) => track.language !== "off") : [];
    }

    async state() {
      const player = await this.made();
      const active = this.captionTracks().find((track) => track.active);
      return {
        entryId: this.options.entryId,
        ...this.now(),
        ended: player.ended === true,
        muted: player.muted === true,
        volume: player.volume,
        playbackRate: player.playbackRate,
        captions: active ? active.language : "off",
      };
    }
  }

  const page = window.KalturaPage || { players: [], methods: METHODS, events: NAMES, timeOfAddress };
  if (!window.KalturaPage) {
    // Of an element or its id; of the first player when nothing is given.
    page.of = (which) => {
      const element = typeof which === "string" ? document.getElementById(which) : which;
      const found = page.players.find(
        (each) => element === undefined || each.element.contains(element) || element?.contains(each.element),
      );
      if (!found) throw new Error("There is no player here");
      return found;
    };
    for (const name of ["on", ...METHODS]) page[name] = (...values) => page.of()[name](...values);
    window.KalturaPage = page;
  }
  for (const element of document.querySelectorAll("[data-kaltura]:not([data-kaltura-started])")) {
    element.dataset.kalturaStarted = "";
    const controls = new Controls(element);
    page.players.push(controls);
    controls.begin();
  }
})();
