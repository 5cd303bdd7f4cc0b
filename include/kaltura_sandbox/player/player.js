/*
 * Stands in for Kaltura's player 7 in the sandbox: plain HTML5 media elements behind the part of the player's
 * interface that embed codes use. It sends the events that reports count to stats.collect.
 */
(function (settings) {
  "use strict";

  const LOADED = 2, PLAY = 3, QUARTERS = [4, 5, 6, 7], REPLAY = 16;
  const CORE_EVENTS = {
    PLAY: "play", PAUSE: "pause", PLAYING: "playing", FIRST_PLAY: "firstplay", ENDED: "ended", SEEKING: "seeking",
    SEEKED: "seeked", TIME_UPDATE: "timeupdate", VOLUME_CHANGE: "volumechange", WAITING: "waiting",
    LOADED_METADATA: "loadedmetadata", LOADED_DATA: "loadeddata", ERROR: "error", RATE_CHANGE: "ratechange",
    PLAYBACK_START: "playbackstart", PLAYBACK_ENDED: "playbackended", MEDIA_LOADED: "medialoaded",
  };

  // A form rather than JSON: browsers send forms to other hosts without asking them first.
  function post(path, fields) {
    const body = new URLSearchParams({ format: "1", ...fields });
    return fetch(settings.baseUrl + "/api_v3" + path, { method: "POST", body, keepalive: true });
  }

  function track(element, entryId, ks) {
    const session = Date.now().toString(16) + "-" + Math.random().toString(16).slice(2);
    const reached = new Set();
    let first = true, ended = false;

    function send(eventType) {
      const fields = {
        eventType, entryId, clientVer: "sandbox", partnerId: settings.partnerId, uiconfId: settings.uiConfId,
        sessionId: session, eventTimestamp: Date.now() / 1000, isFirstInSession: first,
        currentPoint: Math.round((element.currentTime || 0) * 1000),
        duration: Math.round((element.duration || 0) * 1000),
        referrer: document.referrer || window.location.href,
      };
      first = false;
      const form = ks ? { ks } : {};
      for (const [name, value] of Object.entries(fields)) form["event:" + name] = String(value);
      post("/service/stats/action/collect", form).catch(() => undefined);
    }

    function once(eventType) {
      if (!reached.has(eventType)) {
        reached.add(eventType);
        send(eventType);
      }
    }

    if (element.tagName === "IMG") {
      if (element.complete) once(LOADED);
      else element.addEventListener("load", () => once(LOADED));
      return;
    }
    const play = () => {
      if (ended) send(REPLAY);
      else once(PLAY);
      ended = false;
    };
    const progress = () => QUARTERS.forEach((eventType, index) => {
      if (element.duration && element.currentTime / element.duration >= (index + 1) / 4 - 0.01) once(eventType);
    });
    if (element.readyState >= 1) once(LOADED);
    else element.addEventListener("loadedmetadata", () => once(LOADED));
    if (!element.paused) play();
    element.addEventListener("play", play);
    element.addEventListener("timeupdate", progress);
    element.addEventListener("ended", () => {
      ended = true;
      progress();
    });
  }

  function build(entry, context, ks) {
    const image = entry.mediaType === 2;
    const element = document.createElement(image ? "img" : entry.mediaType === 5 ? "audio" : "video");
    element.style.cssText = "width:100%;height:100%;object-fit:contain;background:#000";
    if (image) {
      element.alt = entry.name;
      element.src = entry.downloadUrl;
      return element;
    }
    const source = (context.sources || []).find((each) => each.format === "url");
    if (!source) throw new Error((context.messages || []).map((each) => each.message).join(" ") || "Not ready to play.");
    element.controls = true;
    element.playsInline = true;
    element.poster = entry.thumbnailUrl + "/width/640";
    element.src = ks ? source.url.replace(/\/(a\.\w+)$/, "/ks/" + ks + "/$1") : source.url;
    (context.playbackCaptions || []).forEach((caption, index) => {
      // As a local copy, because browsers refuse captions of another host.
      fetch(caption.webVttUrl).then((reply) => reply.blob()).then((text) => {
        const captions = document.createElement("track");
        Object.assign(captions, {
          kind: "captions", label: caption.label || caption.language || "", srclang: caption.languageCode || "",
          src: URL.createObjectURL(text), default: caption.isDefault || index === 0,
        });
        element.append(captions);
      }).catch(() => undefined);
    });
    return element;
  }

  class Player {
    constructor(config) {
      this.config = config || {};
      this.element = null;
      this.Event = { Core: CORE_EVENTS };
      this._listeners = [];
      this._ready = new Promise((resolve) => { this._resolve = resolve; });
    }

    async loadMedia(media, options) {
      const ks = (media.ks || (this.config.provider || {}).ks) || "";
      const form = {
        "1:service": "baseEntry", "1:action": "get", "1:entryId": media.entryId,
        "2:service": "baseEntry", "2:action": "getPlaybackContext", "2:entryId": media.entryId,
        "2:contextDataParams:objectType": "KalturaPlaybackContextOptions",
        "2:contextDataParams:referrer": window.location.href, partnerId: settings.partnerId,
      };
      if (ks) form.ks = ks;
      const [entry, context] = await (await post("/service/multirequest", form)).json();
      const fault = [entry, context].find((each) => each.objectType === "KalturaAPIException");
      if (fault) throw new Error(fault.message);
      const target = document.getElementById(this.config.targetId);
      if (!target) throw new Error("There is no element with the id " + this.config.targetId + " (targetId).");
      this.adopt(build(entry, context, ks), media.entryId, ks, (options || {}).startTime);
      target.replaceChildren(this.element);
      return { sources: context.sources || [], session: { partnerId: settings.partnerId } };
    }

    adopt(element, entryId, ks, startTime) {
      this.element = element;
      const playback = this.config.playback || {};
      if (startTime > 0) element.addEventListener("loadedmetadata", () => { element.currentTime = startTime; }, { once: true });
      track(element, entryId, ks);
      this._listeners.forEach(([name, listener]) => element.addEventListener(name, listener));
      if ("muted" in element) element.muted = Boolean(playback.muted || (playback.autoplay && playback.allowMutedAutoPlay !== false));
      if ("loop" in element) element.loop = Boolean(playback.loop);
      if (playback.autoplay && element.play) element.play().catch(() => undefined);
      this._resolve();
    }

    ready() { return this._ready; }
    play() { return this.element && this.element.play && this.element.play(); }
    pause() { if (this.element && this.element.pause) this.element.pause(); }
    isLive() { return false; }
    configure(config) { Object.assign(this.config, config); }
    getService() { return null; }
    destroy() { if (this.element) this.element.remove(); }
    addEventListener(name, listener) {
      this._listeners.push([name, listener]);
      if (this.element) this.element.addEventListener(name, listener);
    }
    removeEventListener(name, listener) {
      this._listeners = this._listeners.filter((each) => each[0] !== name || each[1] !== listener);
      if (this.element) this.element.removeEventListener(name, listener);
    }
    get duration() { return this.element ? this.element.duration : NaN; }
    get paused() { return this.element ? this.element.paused : true; }
  }
  for (const name of ["currentTime", "volume", "muted", "playbackRate"]) {
    Object.defineProperty(Player.prototype, name, {
      get() { return this.element ? this.element[name] : undefined; },
      set(value) { if (this.element) this.element[name] = value; },
    });
  }

  const players = {};
  const api = {
    setup(config) {
      const player = new Player(config);
      players[(config || {}).targetId || String(Object.keys(players).length)] = player;
      return player;
    },
    getPlayers: () => players,
    getPlayer: (id) => players[id],
    Event: { Core: CORE_EVENTS },
  };
  window.KalturaPlayers = window.KalturaPlayers || {};
  window.KalturaPlayers[settings.uiConfId] = api;
  if (!settings.factory) window.KalturaPlayer = api;
  if (settings.embed) {
    const player = api.setup({ targetId: settings.embed.targetId, playback: settings.embed.playback,
                               provider: { ks: settings.embed.ks } });
    player.loadMedia({ entryId: settings.embed.entryId }, { startTime: settings.embed.startTime })
      .catch((fault) => { document.getElementById(settings.embed.targetId).textContent = fault.message; });
  }
})(/* settings */ {});
