/* Draws a geomap page: ground, regions, and on one canvas all events and movements. Text reaches the page through textContent only. */
function geomapDraw(map, data) {
  "use strict";
  var CELL = 30, WIDE_CELL = 46, FEW = 300, CROWD = 40, BUTTONS = 250, ROWS = 400, NEVER = -2147483648;
  var root = document.documentElement, system = window.matchMedia ? matchMedia("(prefers-color-scheme: dark)") : { matches: false };
  var still = window.matchMedia && matchMedia("(prefers-reduced-motion: reduce)").matches;
  var INK = {
    light: { land: "#f7f5ef", sea: "#dfe8ee", edge: "#a9b0b5", thin: "#d8d6ce", disputed: "#7a6a1f", done: "#08519c", forecast: "#7b3294", past: "#7b8085", text: "#1d2733", halo: "#ffffff" },
    dark: { land: "#2b3a46", sea: "#16212b", edge: "#5b6b78", thin: "#3d4c58", disputed: "#c9b458", done: "#6baed6", forecast: "#d4a6e8", past: "#98a1a8", text: "#ffffff", halo: "#10181f" }
  };
  var ink = INK.light, grounds = [];
  var bar = null, N = data.count, E = null, W = null, picked = null, background = data.background;
  map._zoomAnimated = false;
  if (still) { map.options.inertia = false; }
  var fitted = false;
  function fit() {
    var size = map.getSize(), wide = size.x > 700;
    if (fitted || size.x < 50 || size.y < 50) { return; }
    fitted = true;
    map.fitBounds(data.view, { paddingTopLeft: [wide ? 50 : 10, 20], paddingBottomRight: [wide ? 240 : 10, size.y > 400 ? 80 : 10], animate: false, maxZoom: 10 });
  }
  fit();
  // A frame may be laid out late, or change its size.
  if (window.ResizeObserver) { new ResizeObserver(function () { map.invalidateSize({ animate: false }); fit(); }).observe(map.getContainer()); }

  function el(tag, text, cls) { var e = document.createElement(tag); if (text) { e.textContent = text; } if (cls) { e.className = cls; } return e; }
  function isPast(status) { return status === "background" || status === "denied"; }
  function number(n) { return Number(n).toLocaleString("en"); }
  function plain(s) { return String(s || "").replace(/_/g, " "); }
  function day(n) { return n === NEVER || n === undefined || n === null ? "" : new Date(n * 864e5).toISOString().slice(0, 10); }
  function unpack(told) {
    if (typeof told !== "string") { return Promise.resolve(told); }
    var bytes = Uint8Array.from(atob(told), function (c) { return c.charCodeAt(0); });
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
  }
  function word(name, i) { var c = W[name]; return c.of ? c.of[c.at[i]] : c[i]; }

  /* Ground */
  ["world", "detail", "areas", "marks"].forEach(function (name, i) { map.createPane(name).style.zIndex = 210 + 10 * i; });
  var renderers = {};
  function canvas(pane) { return renderers[pane] || (renderers[pane] = L.canvas({ pane: pane, padding: 0.3, tolerance: 4 })); }
  function shape(area, pane, style, add) {
    var layer = L.polygon(area, Object.assign({ renderer: canvas(pane), pane: pane, interactive: false }, style()));
    grounds.push(function () { layer.setStyle(style()); });
    return add === false ? layer : layer.addTo(map);
  }
  function tip(text) { return el("div", text, "gm-tip"); }
  if (data.tiles) { L.tileLayer(data.tiles.url, { maxZoom: data.tiles.zoom, pane: "world" }).addTo(map); }
  function ground() { return data.tiles ? 0 : 1; }
  function all(items) { return [].concat.apply([], items.map(function (r) { return r.area || r; })); }
  shape(all(data.base.world), "world", function () { return { color: ink.edge, weight: 0.7, fillColor: ink.land, fillOpacity: ground() }; });
  if (data.base.detail.length) {
    var win = data.base.window;
    shape([[win[0], [win[0][0], win[1][1]], win[1], [win[1][0], win[0][1]]]], "world", function () { return { stroke: false, fillColor: ink.sea, fillOpacity: ground() }; });
    shape(all(data.base.detail), "world", function () { return { stroke: false, fillColor: ink.land, fillOpacity: ground() }; });
    shape(all(data.base.admin1), "world", function () { return { color: ink.thin, weight: 0.6, fill: false }; });
    shape(all(data.base.detail), "world", function () { return { color: ink.edge, weight: 1.2, fill: false }; });
  }
  data.base.detail.forEach(function (r) { if (r.at) { L.tooltip({ permanent: true, direction: "center", className: "gm-name" }).setLatLng(r.at).setContent(el("span", r.name)).addTo(map); } });
  data.base.disputed.forEach(function (r) {
    shape(r.area, "detail", function () { return { color: ink.disputed, weight: 1.2, dashArray: "4 4", fillColor: "#b9a94a", fillOpacity: 0.08, interactive: true }; }).bindTooltip(function () { return tip(r.name + " (disputed). " + r.note); }, { sticky: true });
  });

  /* Choropleth: what regions are coloured by; a region without a figure has no colour. */
  var GREENS = ["#edf8e9", "#bae4b3", "#74c476", "#31a354", "#006d2c"], BOTH = ["#b2182b", "#f4a582", "#f0f0f0", "#92c5de", "#2166ac"], painted = [], chosen = { by: "", level: "country", classes: "quantile" };
  function breaks(values) {
    var sorted = values.slice().sort(function (a, b) { return a - b; }), out = [], i, top = sorted[sorted.length - 1] || 1;
    for (i = 1; i < 5; i++) { out.push(chosen.classes === "quantile" ? sorted[Math.min(sorted.length - 1, Math.floor(i * sorted.length / 5))] : Math.pow(10, Math.max(0, Math.floor(Math.log10(top)) - 3 + i - 1))); }
    return out.filter(function (v, k) { return k === 0 || v > out[k - 1]; });
  }
  function classOf(v, cuts) { var i = 0; while (i < cuts.length && v >= cuts[i]) { i++; } return i; }
  function paint(legend) {
    painted.forEach(function (l) { map.removeLayer(l); }); painted = []; legend.textContent = "";
    if (!chosen.by) { return; }
    var rows = data.regions.filter(function (r) { return r.kind === chosen.level && r[chosen.by] !== null && (chosen.by !== "events" || r.events > 0); });
    var net = chosen.by === "net", cuts = breaks(rows.map(function (r) { return Math.abs(r[chosen.by]); }));
    rows.forEach(function (r) {
      var v = r[chosen.by], fill = net ? BOTH[v < 0 ? (classOf(-v, cuts) > 1 ? 0 : 1) : v > 0 ? (classOf(v, cuts) > 1 ? 4 : 3) : 2] : GREENS[classOf(v, cuts)];
      painted.push(L.polygon(r.area, { renderer: canvas("areas"), pane: "areas", color: ink.edge, weight: 0.8, dashArray: r.kind === "disputed_area" ? "4 4" : null, fillColor: fill, fillOpacity: 0.75 })
        .bindTooltip(function () { return tip(r.name + ": " + number(v) + " " + { events: "events", out: "people out (" + r.measure + ")", into: "people in (" + r.measure + ")", net: "net (in less out)" }[chosen.by]); }, { sticky: true }).addTo(map));
    });
    if (!net) {
      GREENS.slice(0, cuts.length + 1).forEach(function (colour, i) { var row = el("div"), box = el("span", "", "gm-box"); box.style.background = colour; row.appendChild(box); row.appendChild(el("span", (i ? number(cuts[i - 1]) : "below") + (i < cuts.length ? (i ? " to " : " ") + number(cuts[i]) : " and more"))); legend.appendChild(row); });
    } else { legend.appendChild(el("div", "red: more left; blue: more came")); }
    legend.appendChild(el("div", rows.length ? "No colour: no data." : "No region of this kind has a figure."));
  }

  /* Cards */
  function marked(text, words) {
    var box = el("blockquote"), told = words.filter(function (w) { return w && w.length > 1; }).map(function (w) { return w.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"); });
    if (!told.length) { box.textContent = text; return box; }
    text.split(new RegExp("(" + told.join("|") + ")")).forEach(function (part, i) { if (part) { box.appendChild(i % 2 ? el("mark", part) : document.createTextNode(part)); } });
    return box;
  }
  function card(c) {
    var box = el("div", "", "gm-card");
    box.appendChild(el("h3", c.heading));
    c.lines.forEach(function (line) { box.appendChild(el("p", line)); });
    if (c.conflict) { box.appendChild(el("p", "Sources differ: " + c.conflict, "gm-warn")); }
    box.appendChild(marked(c.sentence, c.words));
    if (c.also) { c.also.split(data.apart).forEach(function (text) { box.appendChild(marked(text, c.words)); }); }
    if (c.source) { box.appendChild(el("small", c.source)); }
    if (/^https?:\/\//.test(c.url)) { var a = el("a", " article"); a.href = c.url; a.rel = "noopener noreferrer"; a.target = "_blank"; box.appendChild(a); }
    return box;
  }
  function span(s, e) { return day(s) + (e !== s && day(e) ? " to " + day(e) : ""); }
  function eventCard(i) {
    var toll = E.toll[i], low = word("fatalities_min", i), high = word("fatalities_max", i), lines = ["Status: " + data.statuses[E.status[i]]];
    if (E.start[i] !== NEVER) { lines.push("Time: " + span(E.start[i], E.end[i]) + " (" + [word("date_precision", i), word("date_basis", i)].filter(Boolean).join(", ") + ")"); }
    lines.push("Place: " + word("place", i) + (word("country", i) ? ", " + word("country", i) : "") + " (known to: " + plain(word("precision", i)) + (word("disputed", i) ? "; disputed: " + word("disputed", i) : "") + ")");
    if (word("other_places", i)) { lines.push("Also: " + word("other_places", i)); }
    if (word("alternatives", i)) { lines.push("May also be: " + word("alternatives", i).split(";").join("; ")); }
    if (word("actors", i)) { lines.push("Who: " + word("actors", i).split(";").join("; ")); }
    if (toll && (low !== high)) { lines.push("Killed: " + (low ? "at least " + number(low) : "") + (high ? " at most " + number(high) : "")); }
    if (word("claimed_by", i)) { lines.push("Says who: " + word("claimed_by", i)); }
    if (Number(word("sources", i)) > 1) { lines.push("Sources: " + word("sources", i)); }
    return { id: word("id", i), heading: plain(data.types[E.type[i]]) + (toll ? ": " + number(toll) + " killed" : "") + ", " + word("place", i), lines: lines, sentence: word("sentence", i), also: word("also_said", i), words: [word("place_text", i)],
      source: [word("source", i), String(word("published", i)).slice(0, 10), word("title", i)].filter(Boolean).join(" · "), url: word("url", i), conflict: word("conflict", i) };
  }
  var HOW = { more_than: "more than ", at_least: "at least ", less_than: "fewer than ", up_to: "up to ", nearly: "nearly ", about: "about " };
  function people(m) {
    if (!m.n) { return "people, no figure"; }
    return (m.quantifier === "range" ? number(m.low) + " to " + number(m.high) : m.quantifier === "vague" ? number(m.n) + " or more" : (HOW[m.quantifier] || "") + number(m.n)) + (m.unit === "household" ? " households" : " people");
  }
  function movementCard(m) {
    var lines = ["Status: " + m.status + ", " + m.measure + (m.aside ? "; not counted: " + m.role_reason : "")];
    if (m.as_of) { lines.push("As of: " + m.as_of.slice(0, 10)); }
    else if (m.start !== NEVER) { lines.push("Time: " + span(m.start, m.end) + " (" + [m.date_precision, m.date_basis].filter(Boolean).join(", ") + ")"); }
    if (m.group) { lines.push("Who: " + m.group); }
    if (m.reason) { lines.push("Why: " + m.reason); }
    if (m.claimed_by) { lines.push("Says who: " + m.claimed_by); }
    if (Number(m.sources) > 1) { lines.push("Sources: " + m.sources); }
    return { id: m.id, heading: m.kind + ": " + people(m) + (m.origin ? " from " + m.origin.split(";").join(", ") : "") + (m.destination ? " to " + m.destination.split(";").join(", ") : "") + (m.within ? " within " + m.within.split(";").join(", ") : ""),
      lines: lines, sentence: m.sentence, also: m.also_said, words: m.ends_text.split(";").concat([m.quantity_text]), source: [m.source, m.published.slice(0, 10), m.title].filter(Boolean).join(" · "), url: m.url, conflict: m.conflict };
  }
  function words() { return W ? Promise.resolve() : unpack(data.words).then(function (told) { W = told; }); }
  function tell(id) { if (window.parent !== window) { window.parent.postMessage({ geomap: { picked: id } }, "*"); } }
  function open(latlng, ids) {
    words().then(function () {
      var box = el("div"), cards = ids.slice(0, 40).map(function (k) { return k < 0 ? movementCard(data.movements[-k - 1]) : eventCard(k); });
      if (ids.length === 1) { box.appendChild(card(cards[0])); picked = cards[0].id; tell(cards[0].id); } else {
        box.appendChild(el("h3", number(ids.length) + " marks here" + (ids.length > 40 ? ", the first 40" : "")));
        cards.forEach(function (c) { var d = el("details", "", "gm-more"); d.appendChild(el("summary", c.heading)); d.appendChild(card(c)); d.addEventListener("toggle", function () { if (d.open) { tell(c.id); } }); box.appendChild(d); });
      }
      L.popup({ maxWidth: 360, maxHeight: Math.max(160, map.getSize().y - 120), autoPanPaddingTopLeft: [64, 12], autoPanPaddingBottomRight: [12, 12] }).setLatLng(latlng).setContent(box).openOn(map);
    });
  }

  /* Time: what is seen of all time */
  var first = Infinity, last = -Infinity, time = { on: false, mode: "window", at: 0, width: 7 };
  function seenNow(s, e, ongoing) {
    if (!time.on) { return true; }
    if (s === NEVER) { return false; }
    if (ongoing) { e = Math.max(e, last); }
    return time.mode === "cumulative" ? s <= time.at : time.mode === "instant" ? s <= time.at && e >= time.at : s <= time.at && e > time.at - time.width;
  }

  /* Marks, all on one canvas */
  var board = el("canvas", "", "gm-board"), pen = board.getContext("2d"), buttons = el("div", "", "gm-buttons"), glyphs = [], lines = [], X, Y, sprites = {}, quiet = [], ongoing = -1;
  map.getPane("marks").appendChild(board); map.getPane("marks").appendChild(buttons);
  board.setAttribute("aria-hidden", "true");
  var FORMS = {
    circle: function (p, r) { p.arc(0, 0, r * 0.82, 0, 7); }, square: function (p, r) { p.rect(-r * 0.78, -r * 0.78, r * 1.56, r * 1.56); },
    diamond: function (p, r) { poly(p, [[0, -r], [r, 0], [0, r], [-r, 0]]); }, triangle: function (p, r) { poly(p, [[0, -r * 0.95], [r, r * 0.8], [-r, r * 0.8]]); },
    star: function (p, r) { var q = [], k; for (k = 0; k < 10; k++) { var s = k % 2 ? r * 0.45 : r * 1.05; q.push([s * Math.sin(k * Math.PI / 5), -s * Math.cos(k * Math.PI / 5)]); } poly(p, q); },
    cross: function (p, r) { var a = r * 0.85, b = r * 0.42; poly(p, [[-a, -b], [-b, -a], [0, -b], [b, -a], [a, -b], [b, 0], [a, b], [b, a], [0, b], [-b, a], [-a, b], [-b, 0]]); }
  };
  function poly(p, q) { q.forEach(function (v, k) { if (k) { p.lineTo(v[0], v[1]); } else { p.moveTo(v[0], v[1]); } }); p.closePath(); }
  function glyph(p, type, status, r) {
    var style = data.styles[data.types[type]] || ["#555", "circle"], past = quiet[status], waiting = status === 2 || status === 3, colour = past ? ink.past : style[0];
    p.beginPath(); FORMS[style[1]](p, r);
    if (waiting) { p.setLineDash([3, 2]); p.lineWidth = 2; p.strokeStyle = colour; p.fillStyle = ink.halo; p.globalAlpha = 0.75; p.fill(); p.globalAlpha = 1; p.stroke(); p.setLineDash([]); }
    else { p.fillStyle = colour; p.fill(); p.lineWidth = 1.5; p.strokeStyle = ink.halo; p.stroke(); }
  }
  function sprite(type, status, size) {
    var key = type + "/" + status + "/" + size, found = sprites[key];
    if (!found) {
      var ratio = window.devicePixelRatio || 1, c = el("canvas"); c.width = c.height = Math.ceil((2 * size + 6) * ratio); var p = c.getContext("2d");
      p.scale(ratio, ratio); p.translate(size + 3, size + 3); glyph(p, type, status, size); found = sprites[key] = { image: c, half: size + 3 };
    }
    return found;
  }
  function size(i) { return 8 + Math.round(Math.min(9, 2.2 * Math.log10(1 + E.toll[i]))); }
  function hidden(i) { return (!background && quiet[E.status[i]]) || !seenNow(E.start[i], E.end[i], E.status[i] === ongoing); }

  function prepare() {
    quiet = data.statuses.map(isPast);
    ongoing = data.statuses.indexOf("ongoing");
    X = new Float64Array(N); Y = new Float64Array(N);
    var i, sin;
    for (i = 0; i < N; i++) {
      sin = Math.sin(E.lat[i] * 1e-5 * Math.PI / 180);
      X[i] = E.lon[i] * 1e-5 / 360 + 0.5; Y[i] = 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI);
    }
    extent();
  }
  /* All time is that of what is shown: history stretches it only when it is switched on. */
  function extent() {
    first = Infinity; last = -Infinity;
    for (var i = 0; i < N; i++) { if (E.start[i] !== NEVER && (background || !quiet[E.status[i]])) { if (E.start[i] < first) { first = E.start[i]; } if (E.end[i] > last) { last = E.end[i]; } } }
    data.movements.forEach(function (m) { if (m.start !== NEVER && (background || !(isPast(m.status)))) { first = Math.min(first, m.start); last = Math.max(last, m.end); } });
  }
  function setBar() {
    if (bar) { bar.box.remove(); bar = null; map.getContainer().classList.remove("gm-timed"); }
    time.on = false;
    if (last > first) { bar = timeBar(); }
  }

  function draw() {
    if (!E) { return; }
    var box = map.getSize(), ratio = window.devicePixelRatio || 1, origin = map.containerPointToLayerPoint([0, 0]), corner = map.getPixelBounds().min, scale = 256 * Math.pow(2, map.getZoom());
    L.DomUtil.setPosition(board, origin); L.DomUtil.setPosition(buttons, origin);
    if (board.width !== Math.round(box.x * ratio) || board.height !== Math.round(box.y * ratio)) { board.width = Math.round(box.x * ratio); board.height = Math.round(box.y * ratio); board.style.width = box.x + "px"; board.style.height = box.y + "px"; }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0); pen.clearRect(0, 0, box.x, box.y);
    glyphs = []; lines = [];
    drawAreas(); drawFlows(corner, scale, box);
    // Many marks are gathered in wider cells, so that their rings do not lie on each other.
    var cells = new Map(), i, x, y, key, cell, grid = N > FEW ? WIDE_CELL : CELL;
    for (i = 0; i < N; i++) {
      if (E.area[i] >= 0 || hidden(i)) { continue; }
      x = X[i] * scale - corner.x; y = Y[i] * scale - corner.y;
      if (x < -scale / 2) { x += scale; } else if (x > box.x + scale / 2) { x -= scale; }
      if (x < -20 || y < -20 || x > box.x + 20 || y > box.y + 20) { continue; }
      key = Math.floor((x + corner.x) / grid) * 1048576 + Math.floor((y + corner.y) / grid);
      cell = cells.get(key);
      if (cell) { cell.ids.push(i); cell.x += x; cell.y += y; } else { cells.set(key, { ids: [i], x: x, y: y }); }
    }
    cells.forEach(function (c) {
      var n = c.ids.length, cx = c.x / n, cy = c.y / n, r, s;
      if (n <= 3) {
        // A few marks in one spot are set side by side on the screen; their coordinates stay the same.
        c.ids.forEach(function (k, at) {
          r = size(k); s = sprite(E.type[k], E.status[k], r);
          var px = n === 1 ? cx : cx + (at - (n - 1) / 2) * 2 * (r + 1);
          if (E.around[k]) { ring(px, cy, E.around[k], E.lat[k] * 1e-5, scale); }
          pen.drawImage(s.image, px - s.half, cy - s.half, 2 * s.half, 2 * s.half); glyphs.push({ x: px, y: cy, r: r + 3, ids: [k] });
        });
        return;
      }
      bubble(cx, cy, c.ids);
    });
    label(box);
  }
  function ring(x, y, km, lat, scale) {
    var r = km / (40075 * Math.cos(lat * Math.PI / 180)) * scale;
    if (r > 12) { pen.beginPath(); pen.arc(x, y, Math.min(r, 2000), 0, 7); pen.setLineDash([4, 3]); pen.lineWidth = 1; pen.strokeStyle = ink.past; pen.stroke(); pen.setLineDash([]); }
  }
  function bubble(x, y, ids) {
    var counts = {}, best = 0, r = Math.min(22, 9 + 3.2 * Math.log10(ids.length) * 1.6), text = ids.length > 9999 ? Math.round(ids.length / 1000) + "k" : String(ids.length);
    ids.forEach(function (k) { var t = quiet[E.status[k]] ? -1 : E.type[k]; counts[t] = (counts[t] || 0) + 1; });
    Object.keys(counts).forEach(function (t) { if (counts[t] > best) { best = counts[t]; } });
    pen.beginPath(); pen.arc(x, y, r, 0, 7); pen.fillStyle = ink.halo; pen.fill();
    var from = -Math.PI / 2;
    Object.keys(counts).forEach(function (t) {
      var to = from + 2 * Math.PI * counts[t] / ids.length; pen.beginPath(); pen.arc(x, y, r, from, to); pen.lineWidth = 4; pen.strokeStyle = t < 0 ? ink.past : (data.styles[data.types[t]] || ["#555"])[0]; pen.stroke(); from = to;
    });
    pen.fillStyle = ink.text; pen.font = "600 11px system-ui,sans-serif"; pen.textAlign = "center"; pen.textBaseline = "middle"; pen.fillText(text, x, y);
    glyphs.push({ x: x, y: y, r: r + 3, ids: ids });
  }

  /* Areas: one outline for all events known only to it */
  var shown = {};
  function drawAreas() {
    var now = {}, i;
    for (i = 0; i < N; i++) { if (E.area[i] >= 0 && !hidden(i)) { (now[E.area[i]] = now[E.area[i]] || []).push(i); } }
    Object.keys(shown).forEach(function (k) { if (!now[k]) { map.removeLayer(shown[k].layer); delete shown[k]; } });
    Object.keys(now).forEach(function (k) {
      var ids = now[k], lead = ids[0], a = data.areas[k], past = ids.every(function (n) { return quiet[E.status[n]]; }), waiting = E.status[lead] === 2 || E.status[lead] === 3, colour = past ? ink.past : (data.styles[data.types[E.type[lead]]] || ["#555"])[0];
      var style = { color: colour, weight: a.country ? 1 : 2, dashArray: waiting || past ? "6 5" : null, fillColor: colour, fillOpacity: a.country ? 0.07 : 0.2 };
      if (shown[k]) { shown[k].ids = ids; shown[k].layer.setStyle(style); return; }
      var entry = shown[k] = { ids: ids, layer: L.polygon(a.area, Object.assign({ renderer: canvas("areas"), pane: "areas" }, style)) };
      entry.layer.bindTooltip(function () { return tip(a.label + " (area): " + entry.ids.length + (entry.ids.length > 1 ? " events" : " event: " + plain(data.types[E.type[entry.ids[0]]]))); }, { sticky: true })
        .on("click", function (e) { L.DomEvent.stop(e); if (!pickAt(map.latLngToContainerPoint(e.latlng))) { open(e.latlng, entry.ids); } }).addTo(map);
    });
  }

  /* Movements */
  var drawn = data.movements.map(function (m, i) { return i; }).filter(function (i) { return !data.movements[i].aside; }).sort(function (a, b) { return data.movements[b].n - data.movements[a].n || a - b; });
  var most = drawn.reduce(function (a, i) { return Math.max(a, data.movements[i].n); }, 1), labels = [];
  // A crowd of flows is drawn finer.
  var finer = drawn.length > CROWD ? Math.max(0.3, Math.sqrt(CROWD / drawn.length)) : 1;
  function width(n) { return n ? 1.5 + 9 * finer * Math.sqrt(n / most) : 2; }
  function pixel(at, corner, scale) { var s = Math.sin(at[0] * Math.PI / 180); return [(at[1] / 360 + 0.5) * scale - corner.x, (0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI)) * scale - corner.y]; }
  function flow(i, a, b, bend, half, named) {
    var m = data.movements[i], past = isPast(m.status), waiting = m.status === "planned" || m.status === "expected";
    var dx = b[0] - a[0], dy = b[1] - a[1], far = Math.sqrt(dx * dx + dy * dy), w = width(m.n), head = 7 + 1.3 * w, path = [], t, u, k;
    if (far < 8) { return; }
    var cx = (a[0] + b[0]) / 2 - bend * dy, cy = (a[1] + b[1]) / 2 + bend * dx;
    for (k = 0; k <= 24; k++) { t = k / 24; u = 1 - t; path.push([u * u * a[0] + 2 * u * t * cx + t * t * b[0], u * u * a[1] + 2 * u * t * cy + t * t * b[1]]); }
    var angle = Math.atan2(b[1] - cy, b[0] - cx), stop = path.slice(), ex = b[0] - head * 0.8 * Math.cos(angle), ey = b[1] - head * 0.8 * Math.sin(angle), colour = past ? ink.past : waiting ? ink.forecast : ink.done;
    while (stop.length > 2 && Math.hypot(stop[stop.length - 1][0] - b[0], stop[stop.length - 1][1] - b[1]) < head * 0.8) { stop.pop(); }
    stop.push([ex, ey]);
    // The light rims of a crowd would cover the ground.
    (finer < 1 ? [] : [[w + 2.5, ink.halo, []]]).concat([[w, colour, waiting || past ? [9, 7] : half ? [2, 4] : []]]).forEach(function (s) {
      pen.beginPath(); stop.forEach(function (p, n) { if (n) { pen.lineTo(p[0], p[1]); } else { pen.moveTo(p[0], p[1]); } });
      pen.lineWidth = s[0]; pen.strokeStyle = s[1]; pen.setLineDash(s[2]); pen.globalAlpha = finer < 1 ? 0.6 : s[2].length || s[1] !== ink.halo ? 0.9 : 0.7; pen.stroke();
    });
    pen.setLineDash([]); pen.globalAlpha = 1;
    pen.save(); pen.translate(b[0], b[1]); pen.rotate(angle); pen.beginPath(); pen.moveTo(0, 0); pen.lineTo(-head, head * 0.55); pen.lineTo(-head * 0.75, 0); pen.lineTo(-head, -head * 0.55); pen.closePath(); pen.fillStyle = colour; pen.fill(); pen.lineWidth = 1; pen.strokeStyle = ink.halo; pen.stroke(); pen.restore();
    lines.push({ path: path, w: w / 2 + 6, id: -i - 1, at: path[12] });
    if (named) { labels.push({ text: people(m) + (waiting || m.status === "denied" ? " (" + m.status + ")" : ""), x: half ? (a[0] + b[0]) / 2 : path[12][0], y: (half ? Math.max(a[1], b[1]) + 14 : path[12][1] + (bend * dx > 0 ? 12 + w / 2 : -10 - w / 2)), n: m.n, current: !past }); }
  }
  function drawFlows(corner, scale, box) {
    var bends = {}; labels = [];
    drawn.forEach(function (i) {
      var m = data.movements[i];
      if ((!background && (isPast(m.status))) || !seenNow(m.start, m.end, m.status === "ongoing")) { return; }
      function bend(key) { var n = bends[key] = (bends[key] || 0) + 1; return 0.16 + 0.14 * (n - 1); }
      if (m.from.length && m.to.length) {
        // Flows both ways bend to their own right, so that they lie side by side.
        m.from.forEach(function (a, x) { m.to.forEach(function (b, y) { var p = pixel(a, corner, scale), q = pixel(b, corner, scale); flow(i, p, q, bend(a + ">" + b), false, !x && !y); }); });
        return;
      }
      // The other end is not told: a half-arrow out of or into the known end, of a fixed size on the screen.
      m.from.forEach(function (a, x) { var p = pixel(a, corner, scale), turn = 0.5 + 1.1 * (bend("o" + a) - 0.16) / 0.14; flow(i, p, [p[0] + 52 * Math.cos(turn), p[1] + 52 * Math.sin(turn)], 0.1, true, !x); });
      m.to.forEach(function (b, x) { var q = pixel(b, corner, scale), turn = 3.7 + 1.1 * (bend("i" + b) - 0.16) / 0.14; flow(i, [q[0] + 52 * Math.cos(turn), q[1] + 52 * Math.sin(turn)], q, 0.1, true, !x); });
    });
  }
  function label(box) {
    var taken = [];
    pen.font = "600 12px system-ui,sans-serif"; pen.textAlign = "center"; pen.textBaseline = "middle"; pen.lineJoin = "round";
    labels.sort(function (a, b) { return b.current - a.current || b.n - a.n; }).forEach(function (l) {
      var w = pen.measureText(l.text).width / 2 + 4, tries = [0, 16, -16, 32], k, y, free;
      for (k = 0; k < tries.length && taken.length < (finer < 1 ? 12 : 40); k++) {
        y = l.y + tries[k];
        free = l.x - w > 0 && l.x + w < box.x && y > 8 && y < box.y - 8 && !taken.some(function (t) { return Math.abs(t.x - l.x) < t.w + w && Math.abs(t.y - y) < 15; });
        if (free) { pen.lineWidth = 4; pen.strokeStyle = ink.halo; pen.strokeText(l.text, l.x, y); pen.fillStyle = ink.text; pen.fillText(l.text, l.x, y); taken.push({ x: l.x, y: y, w: w }); return; }
      }
    });
  }

  /* Picking, by pointer and by keyboard */
  function near(point) {
    var best = null, i, g, d, l, k;
    for (i = glyphs.length - 1; i >= 0; i--) { g = glyphs[i]; d = Math.hypot(g.x - point.x, g.y - point.y); if (d <= g.r && (!best || d < best.d)) { best = { d: d, ids: g.ids, x: g.x, y: g.y }; } }
    if (best) { return best; }
    for (i = lines.length - 1; i >= 0; i--) { l = lines[i]; for (k = 0; k < l.path.length; k++) { d = Math.hypot(l.path[k][0] - point.x, l.path[k][1] - point.y); if (d <= Math.max(l.w, 10) && (!best || d < best.d)) { best = { d: d, ids: [l.id], x: l.path[k][0], y: l.path[k][1] }; } } }
    return best;
  }
  function pickAt(point) { var found = near(point); if (found) { open(map.containerPointToLatLng([found.x, found.y]), found.ids); } return !!found; }
  map.on("click", function (e) { pickAt(e.containerPoint); });
  var hover = L.tooltip({ direction: "top", offset: [0, -8] }), over = null;
  map.on("mousemove", function (e) {
    var found = near(e.containerPoint), key = found ? found.ids[0] + "/" + found.ids.length : null;
    if (key === over) { return; }
    over = key; map.getContainer().style.cursor = found ? "pointer" : "";
    if (!found) { map.closeTooltip(hover); return; }
    words().then(function () {
      if (over !== key) { return; }
      var k = found.ids[0], text = found.ids.length > 1 ? number(found.ids.length) + " events" : k < 0 ? movementCard(data.movements[-k - 1]).heading + " (" + data.movements[-k - 1].status + ")" : eventCard(k).heading + " (" + data.statuses[E.status[k]] + ")";
      hover.setLatLng(map.containerPointToLatLng([found.x, found.y])).setContent(tip(text)).addTo(map);
    });
  });
  function button(x, y, r, ids, text) {
    var b = el("button", "", "gm-mark"); b.type = "button"; b.setAttribute("role", "button"); b.setAttribute("aria-label", text); b.style.cssText = "left:" + (x - r) + "px;top:" + (y - r) + "px;width:" + 2 * r + "px;height:" + 2 * r + "px";
    L.DomEvent.disableClickPropagation(b);
    b.addEventListener("click", function () { open(map.containerPointToLatLng([x, y]), ids); });
    buttons.appendChild(b);
  }
  function reach() {
    buttons.textContent = "";
    if (!E || glyphs.length + lines.length > BUTTONS) { return; }
    words().then(function () {
      buttons.textContent = "";
      lines.forEach(function (l) { button(l.at[0], l.at[1], 12, [l.id], movementCard(data.movements[-l.id - 1]).heading); });
      glyphs.forEach(function (g) { button(g.x, g.y, g.r, g.ids, g.ids.length > 1 ? g.ids.length + " events" : eventCard(g.ids[0]).heading); });
    });
  }

  /* Panels */
  function panel(position, fill) { var c = L.control({ position: position }); c.onAdd = function () { var box = fill(); L.DomEvent.disableClickPropagation(box); L.DomEvent.disableScrollPropagation(box); return box; }; c.addTo(map); return c; }
  function icon(type) { var c = el("canvas", "", "gm-icon"), p; c.width = c.height = 36; p = c.getContext("2d"); p.scale(2, 2); p.translate(9, 9); glyph(p, type, 0, 7); return c; }
  function stroke(style, colour, w) { var line = el("span", "", "gm-line"); line.style.borderTop = w + "px " + style + " " + colour; return line; }
  function row(a, text) { var r = el("div"); r.appendChild(a); r.appendChild(el("span", text)); return r; }
  function select(text, options, value, change) {
    var label = el("label", text), s = el("select");
    options.forEach(function (o) { var item = el("option", o[1]); item.value = o[0]; item.selected = o[0] === value; s.appendChild(item); });
    s.addEventListener("change", function () { change(s.value); }); label.appendChild(s); return label;
  }
  var legend = null;
  function legendBox() {
    var box = el("details", "", "gm-panel"), types = [], seen = {}, i;
    box.open = window.innerWidth > 700;
    box.appendChild(el("summary", "Legend"));
    for (i = 0; i < N; i++) { if (!seen[E.type[i]] && (background || !quiet[E.status[i]])) { seen[E.type[i]] = 1; types.push(E.type[i]); } }
    if (types.length) { box.appendChild(el("h4", "Events")); }
    types.sort(function (a, b) { return a - b; }).forEach(function (t) { box.appendChild(row(icon(t), plain(data.types[t]))); });
    if (types.length) { box.appendChild(el("div", "Larger: more killed. Hollow: expected or planned. Grey: history or denied. A ring with a number: several events.")); }
    if (drawn.length) {
      box.appendChild(el("h4", "Movements of people"));
      box.appendChild(row(stroke("solid", ink.done, 4), "happened")); box.appendChild(row(stroke("dashed", ink.forecast, 4), "expected or planned")); box.appendChild(row(stroke("dotted", ink.done, 4), "other end not told"));
      if (most > 1) { [most, most / 10].forEach(function (n) { n = Math.max(1, Math.round(n)); box.appendChild(row(stroke("solid", ink.done, Math.round(width(n))), number(n) + " people")); }); }
    }
    var aside = data.movements.length - drawn.length;
    if (aside) { box.appendChild(el("div", number(aside) + " earlier or looser figures of the same people are only in the list.")); }
    box.appendChild(el("div", "A shaded outline: known only to that area. Dashed ochre: disputed."));
    if (data.unplaced || data.unplacedEvents) { box.appendChild(el("div", number(data.unplaced + data.unplacedEvents) + " without a known place are only in the table.")); }
    if (data.regions.length) {
      var key = el("div", "", "gm-key");
      box.appendChild(el("h4", "Regions"));
      box.appendChild(select("Colour by ", [["", "nothing"], ["events", "events"], ["out", "people out"], ["into", "people in"], ["net", "net"]], chosen.by, function (v) { chosen.by = v; paint(key); }));
      box.appendChild(select("Level ", [["country", "countries"], ["admin1", "provinces"], ["disputed_area", "disputed areas"]], chosen.level, function (v) { chosen.level = v; paint(key); }));
      box.appendChild(select("Classes ", [["quantile", "quantiles"], ["fixed", "powers of ten"]], chosen.classes, function (v) { chosen.classes = v; paint(key); }));
      box.appendChild(key);
    }
    var check = el("label"), tick = el("input"); tick.type = "checkbox"; tick.checked = background;
    tick.addEventListener("change", function () { background = tick.checked; extent(); setBar(); redraw(); });
    check.appendChild(tick); check.appendChild(el("span", "show history and denials")); box.appendChild(check);
    return box;
  }
  function redraw() { sprites = {}; draw(); reach(); }
  function listBox() {
    var box = el("details", "", "gm-panel gm-list"), body = el("div", "", "gm-rows");
    box.appendChild(el("summary", "List")); box.appendChild(body);
    box.addEventListener("toggle", function () {
      body.textContent = "";
      if (!box.open) { return; }
      words().then(function () {
        var shownRows = 0, all = 0, i;
        function add(text, act) { all++; if (shownRows < ROWS) { shownRows++; var b = el("button", text); b.type = "button"; b.addEventListener("click", act); body.appendChild(b); } }
        data.movements.forEach(function (m, k) {
          if (!background && (isPast(m.status))) { return; }
          var at = m.from[0] || m.to[0], c = movementCard(m);
          add(c.heading + " (" + m.status + (m.aside ? ", not counted" : "") + ")", function () { open(at || map.getCenter(), [-k - 1]); });
        });
        for (i = 0; i < N; i++) { if (!hidden(i)) { (function (k) { add(day(E.start[k]) + " " + eventCard(k).heading, function () { focusEvent(k); }); })(i); } }
        if (all > shownRows) { body.appendChild(el("p", "and " + number(all - shownRows) + " more: narrow the time, or use the table")); }
        if (!all) { body.appendChild(el("p", "nothing is told for this time")); }
      });
    });
    return box;
  }
  function focusEvent(k) {
    var at = E.area[k] >= 0 ? (shown[E.area[k]] ? shown[E.area[k]].layer.getBounds().getCenter() : map.getCenter()) : L.latLng(E.lat[k] * 1e-5, E.lon[k] * 1e-5);
    if (!map.getBounds().contains(at)) { map.panTo(at, { animate: false }); }
    open(at, [k]);
  }
  function focusId(id) {
    words().then(function () {
      var i;
      for (i = 0; i < data.movements.length; i++) { if (data.movements[i].id === id) { var m = data.movements[i], at = m.from[0] || m.to[0]; if (at) { if (!map.getBounds().contains(at)) { map.panTo(at, { animate: false }); } open(L.latLng(at), [-i - 1]); } return; } }
      for (i = 0; i < N; i++) { if (word("id", i) === id) { if (quiet[E.status[i]] && !background) { background = true; extent(); setBar(); redraw(); } focusEvent(i); return; } }
    });
  }

  /* The time bar: play, slider, and how many events there are when */
  function timeBar() {
    var box = el("div", "", "gm-time"), play = el("button", "▶"), slide = el("input"), out = el("output"), strip = el("canvas", "", "gm-strip"), length = last - first, timer = null;
    play.type = "button"; play.setAttribute("aria-label", "Play"); slide.type = "range"; slide.min = first; slide.max = last; slide.value = last; slide.setAttribute("aria-label", "Time");
    time.at = last; time.width = length > 3650 ? 3650 : length > 366 ? 30 : 7;
    var step = length > 3650 ? 365 : length > 400 ? 7 : 1;
    slide.step = 1;
    function say() { out.textContent = !time.on ? day(first) + " to " + day(last) : time.mode === "window" ? day(Math.max(first, time.at - time.width + 1)) + " to " + day(time.at) : time.mode === "cumulative" ? "until " + day(time.at) : day(time.at); slide.setAttribute("aria-valuetext", out.textContent); }
    function show() { draw(); say(); bars(); }
    function go(v) { time.on = true; time.at = Math.min(last, Math.max(first, v)); slide.value = time.at; mode.querySelector("select").value = time.mode; show(); }
    slide.addEventListener("input", function () { go(Number(slide.value)); });
    slide.addEventListener("change", reach);
    function halt() { clearInterval(timer); timer = null; play.textContent = "▶"; play.setAttribute("aria-label", "Play"); reach(); }
    play.addEventListener("click", function () {
      if (timer) { halt(); return; }
      if (!time.on || time.at >= last) { go(first); }
      play.textContent = "❚❚"; play.setAttribute("aria-label", "Pause");
      timer = setInterval(function () { if (time.at >= last) { halt(); } else { go(time.at + step); } }, still ? 900 : 250);
    });
    var mode = select("", [["all", "all time"], ["window", "window"], ["cumulative", "up to"], ["instant", "on the day"]], "all", function (v) { time.on = v !== "all"; if (time.on) { time.mode = v; } wide.style.display = v === "window" ? "" : "none"; show(); reach(); });
    mode.querySelector("select").setAttribute("aria-label", "How time is shown");
    var wide = select("", [[1, "1 day"], [7, "7 days"], [30, "30 days"], [365, "1 year"], [3650, "10 years"]], time.width, function (v) { time.width = Number(v); go(time.at); reach(); });
    wide.querySelector("select").setAttribute("aria-label", "Length of the window"); wide.style.display = "none";
    function bars() {
      var bins = 90, counts = new Array(bins).fill(0), i, p, w, most = 1;
      for (i = 0; i < N; i++) { if (E.start[i] !== NEVER && (background || !quiet[E.status[i]])) { counts[Math.min(bins - 1, Math.floor((E.start[i] - first) / (length + 1) * bins))]++; } }
      counts.forEach(function (c) { most = Math.max(most, c); });
      strip.width = 2 * (strip.clientWidth || 300); strip.height = 48; p = strip.getContext("2d"); w = strip.width / bins;
      counts.forEach(function (c, k) { if (c) { var from = first + k * (length + 1) / bins, inside = !time.on || seenNow(from, from + (length + 1) / bins, false); p.fillStyle = inside ? ink.done : ink.past; p.globalAlpha = inside ? 0.9 : 0.35; p.fillRect(k * w, 48 - Math.max(3, 46 * Math.sqrt(c / most)), Math.max(1, w - 1), 48); } });
    }
    strip.setAttribute("aria-hidden", "true");
    var rowBox = el("div", "", "gm-time-row"), body = el("div", "", "gm-time-body");
    body.appendChild(strip); body.appendChild(slide);
    rowBox.appendChild(play); rowBox.appendChild(mode); rowBox.appendChild(wide); rowBox.appendChild(out);
    box.appendChild(rowBox); box.appendChild(body);
    L.DomEvent.disableClickPropagation(box); L.DomEvent.disableScrollPropagation(box);
    map.getContainer().appendChild(box); map.getContainer().classList.add("gm-timed");
    say(); bars();
    return { box: box, go: go, bars: bars, mode: function (v) { time.mode = v; wide.style.display = v === "window" ? "" : "none"; } };
  }

  /* Light and dark */
  function dress() {
    var dark = data.theme === "dark" || (data.theme === "auto" && system.matches);
    root.setAttribute("data-theme", dark ? "dark" : "light"); ink = dark ? INK.dark : INK.light; sprites = {};
    grounds.forEach(function (again) { again(); });
    if (E) { if (legend) { map.removeControl(legend); legend = panel("topright", legendBox); } draw(); if (bar) { bar.bars(); } }
  }
  if (system.addEventListener) { system.addEventListener("change", dress); }
  dress();

  panel("bottomright", function () { return el("div", data.disclaimer + " " + data.attribution + " Data " + data.version + "." + (data.tiles ? " " + data.tiles.attribution.replace(/<[^>]*>/g, "") : ""), "gm-foot"); });
  L.control.scale().addTo(map);
  unpack(data.events).then(function (told) {
    E = told; prepare();
    legend = panel("topright", legendBox); panel("topleft", listBox);
    setBar();
    draw(); reach();
    var waiting = false;
    map.on("move", function () { if (!waiting) { waiting = true; requestAnimationFrame(function () { waiting = false; draw(); }); } });
    map.on("moveend zoomend resize", function () { draw(); reach(); if (window.parent !== window) { var c = map.getCenter(); window.parent.postMessage({ geomap: { view: [c.lat, c.lng, map.getZoom()] } }, "*"); } });
    window.addEventListener("message", function (e) {
      if (e.source !== window.parent || !e.data || !e.data.geomapFocus && !e.data.geomapView) { return; }
      if (e.data.geomapView) { map.setView(e.data.geomapView.slice(0, 2), e.data.geomapView[2], { animate: false }); }
      if (e.data.geomapFocus) { focusId(e.data.geomapFocus); }
    });
    // What tests and pages around this one may ask of it.
    window.geomapPage = { go: function (d, mode) { if (mode) { bar.mode(mode); } bar.go(d); }, span: [first, last], open: focusId, marks: function () { return glyphs.length + lines.length; }, near: near, picked: function () { return picked; }, centers: function () { return glyphs.map(function (g) { return [g.x, g.y, g.ids.length]; }); } };
    map.getContainer().setAttribute("data-drawn", String(N));
    if (window.parent !== window) { window.parent.postMessage({ geomap: { ready: true } }, "*"); }
  });
}
