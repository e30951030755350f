/* Draws background, areas, marks and flows of a geomap page. Text reaches the page through textContent only. */
function geomapDraw(map, data) {
  "use strict";
  var dark = window.matchMedia && matchMedia("(prefers-color-scheme: dark)").matches;
  var land = dark ? "#2b3a46" : "#f7f5ef", edge = dark ? "#5b6b78" : "#a9b0b5", thin = dark ? "#3d4c58" : "#d8d6ce";
  var still = window.matchMedia && matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (still) { map.options.zoomAnimation = map.options.fadeAnimation = map.options.markerZoomAnimation = false; }
  function el(tag, text, cls) { var e = document.createElement(tag); if (text) { e.textContent = text; } if (cls) { e.className = cls; } return e; }
  function card(c) {
    var box = el("div", "", "gm-card");
    box.appendChild(el("h3", c.heading));
    c.lines.forEach(function (line) { box.appendChild(el("p", line)); });
    c.evidence.forEach(function (text) { box.appendChild(el("blockquote", text)); });
    if (c.source) { box.appendChild(el("small", c.source)); }
    if (c.url) { var a = el("a", " article"); a.href = c.url; a.rel = "noopener noreferrer"; a.target = "_blank"; box.appendChild(a); }
    return box;
  }
  function tip(text) { return el("div", text, "gm-tip"); }
  ["world", "detail", "areas", "flows"].forEach(function (name, i) { map.createPane(name).style.zIndex = 210 + 10 * i; });
  var renderers = {};
  function canvas(pane) { return renderers[pane] || (renderers[pane] = L.canvas({ pane: pane, padding: 0.5, tolerance: 6 })); }
  function shape(area, style, pane) { return L.polygon(area, Object.assign({ renderer: canvas(pane), pane: pane }, style)); }
  data.base.world.forEach(function (a) { shape(a, { color: edge, weight: 0.7, fillColor: land, fillOpacity: 1, interactive: false }, "world").addTo(map); });
  if (data.base.detail.length) {
    var w = data.base.window;
    L.rectangle(w, { renderer: canvas("world"), pane: "world", stroke: false, fillColor: dark ? "#16212b" : "#dfe8ee", fillOpacity: 1, interactive: false }).addTo(map);
    data.base.detail.forEach(function (r) { shape(r.area, { stroke: false, fillColor: land, fillOpacity: 1, interactive: false }, "world").addTo(map); });
    data.base.admin1.forEach(function (r) { shape(r.area, { color: thin, weight: 0.6, fill: false, interactive: false }, "world").addTo(map); });
    data.base.detail.forEach(function (r) { shape(r.area, { color: edge, weight: 1.2, fill: false, interactive: false }, "world").addTo(map); });
  }
  data.base.detail.forEach(function (r) {
    if (r.at) { L.tooltip({ permanent: true, direction: "center", className: "gm-flow gm-country" }).setLatLng(r.at).setContent(el("span", r.name)).addTo(map); }
  });
  data.base.disputed.forEach(function (r) {
    shape(r.area, { color: dark ? "#c9b458" : "#7a6a1f", weight: 1.2, dashArray: "4 4", fillColor: "#b9a94a", fillOpacity: 0.08 }, "detail")
      .bindTooltip(function () { return tip(r.name + " (disputed). " + r.note); }, { sticky: true }).addTo(map);
  });
  var current = L.layerGroup().addTo(map), history = L.layerGroup();
  function group(item) { return item.quiet ? history : current; }
  function symbol(style, size, dashed) {
    var c = style[0], fill = dashed ? "none" : c, s = "stroke='" + (dashed ? c : "#fff") + "' stroke-width='2'" + (dashed ? " stroke-dasharray='3 2'" : "");
    var forms = {
      circle: "<circle cx='12' cy='12' r='8' ", square: "<rect x='4.5' y='4.5' width='15' height='15' ", diamond: "<path d='M12 2 22 12 12 22 2 12Z' ",
      triangle: "<path d='M12 3 22 21H2Z' ", star: "<path d='M12 1.5 15 9l8 .5-6 5 2 8-7-4.5-7 4.5 2-8-6-5 8-.5Z' ", cross: "<path d='M4 8 8 4l4 4 4-4 4 4-4 4 4 4-4 4-4-4-4 4-4-4 4-4Z' "
    };
    return "<svg width='" + size + "' height='" + size + "' viewBox='0 0 24 24' aria-hidden='true'>" + (forms[style[1]] || forms.circle) + "fill='" + fill + "' " + s + "/></svg>";
  }
  var seen = {}, areaCards = {};
  data.events.forEach(function (e) {
    var style = data.styles[e.type] || ["#555", "circle"], waiting = e.status === "planned" || e.status === "expected";
    var colour = e.quiet ? "#8a8f94" : style[0];
    if (e.area) {
      // Several events known only to one area share its outline; its card lists them all.
      if (areaCards[e.label + e.quiet]) { areaCards[e.label + e.quiet].push(e.card); return; }
      var cards = areaCards[e.label + e.quiet] = [e.card];
      shape(e.area, { color: colour, weight: e.country ? 1 : 2, dashArray: waiting || e.quiet ? "6 5" : null, fillColor: colour, fillOpacity: e.country ? 0.07 : 0.2 }, "areas")
        .bindTooltip(function () { return tip(e.label + " (area): " + cards.map(function (c) { return c.heading; }).join("; ")); }, { sticky: true }).bindPopup(function () { var all = el("div"); cards.forEach(function (c) { all.appendChild(card(c)); }); return all; }, { maxWidth: 360, maxHeight: 360 }).addTo(group(e));
      return;
    }
    var size = 18 + Math.min(18, 4 * Math.log10(1 + e.toll)), key = e.at.join(), shift = seen[key] = (seen[key] || 0) + 1;
    // Marks at one place are set side by side on the screen; their coordinates stay the same.
    var icon = L.divIcon({ className: "gm-mark", html: symbol([colour, style[1]], size, waiting), iconSize: [size, size], iconAnchor: [size / 2 - (shift - 1) * size, size / 2] });
    L.marker(e.at, { icon: icon, alt: e.card.heading + ", " + e.label, keyboard: true }).bindTooltip(function () { return tip(e.card.heading + " - " + e.label); })
      .bindPopup(function () { return card(e.card); }, { maxWidth: 360 }).addTo(group(e));
  });
  var most = Math.max.apply(null, data.movements.map(function (m) { return m.n; }).concat([1]));
  var done = dark ? "#6baed6" : "#08519c", forecast = dark ? "#d4a6e8" : "#7b3294";
  function width(n) { return n ? 2 + 8 * Math.sqrt(n / most) : 2; }
  function curve(a, b, bend) {
    var p = [], mx = (a[0] + b[0]) / 2 + bend * (b[1] - a[1]), my = (a[1] + b[1]) / 2 - bend * (b[0] - a[0]), i, t, u;
    for (i = 0; i <= 24; i++) { t = i / 24; u = 1 - t; p.push([u * u * a[0] + 2 * u * t * mx + t * t * b[0], u * u * a[1] + 2 * u * t * my + t * t * b[1]]); }
    return p;
  }
  function flow(m, a, b, bend, half) {
    var waiting = m.status === "planned" || m.status === "expected", colour = m.quiet ? "#8a8f94" : waiting ? forecast : done, line = curve(a, b, bend), w = width(m.n), tipAt = line[24], prior = line[20];
    var path = L.polyline(line, { renderer: canvas("flows"), pane: "flows", color: colour, weight: w, opacity: 0.85, dashArray: waiting || m.quiet ? "8 8" : half ? "2 6" : null, lineCap: "butt" });
    path.bindTooltip(function () { return tip(m.card.heading + " (" + m.status + ")"); }, { sticky: true }).bindPopup(function () { return card(m.card); }, { maxWidth: 360 }).addTo(group(m));
    var angle = Math.atan2((tipAt[1] - prior[1]) * Math.cos(tipAt[0] * Math.PI / 180), tipAt[0] - prior[0]) * 180 / Math.PI, s = 12 + w;
    var head = L.divIcon({ className: "gm-mark", iconSize: [s, s], html: "<svg width='" + s + "' height='" + s + "' viewBox='0 0 20 20' style='transform:rotate(" + angle.toFixed(1) + "deg)' aria-hidden='true'><path d='M10 1 18 18 10 14 2 18Z' fill='" + colour + "' stroke='#fff'/></svg>" });
    var arrow = L.marker(tipAt, { icon: head, alt: m.card.heading, keyboard: true }).bindPopup(function () { return card(m.card); }, { maxWidth: 360 }).addTo(group(m));
    if (m.label) { L.tooltip({ permanent: true, direction: "center", className: "gm-flow", offset: [0, half ? 22 : bend > 0 ? 16 + w : -16 - w] }).setLatLng(line[half ? 24 : 12]).setContent(el("span", m.label + (waiting ? " (" + m.status + ")" : ""))).addTo(group(m)); }
    return arrow;
  }
  var bends = {};
  data.movements.forEach(function (m) {
    if (m.from.length && m.to.length) {
      m.from.forEach(function (a) {
        m.to.forEach(function (b) {
          var key = a + ">" + b, n = bends[key] = (bends[key] || 0) + 1;
          flow(Object.assign({}, m, { label: a === m.from[0] && b === m.to[0] ? m.label : "" }), a, b, n % 2 ? 0.18 + 0.2 * ((n - 1) / 2) : -0.18 - 0.2 * ((n - 2) / 2), false);
        });
      });
      return;
    }
    // The other end is not told: a half-arrow, out of or into the known end, of a fixed size on the map.
    m.from.forEach(function (a, i) { var k = "o" + a, n = bends[k] = (bends[k] || 0) + 1; flow(Object.assign({}, m, { label: i ? "" : m.label }), a, [a[0] - 0.55, a[1] + 0.3 + 0.5 * (n - 1)], 0.1, true); });
    m.to.forEach(function (b, i) { var k = "i" + b, n = bends[k] = (bends[k] || 0) + 1; flow(Object.assign({}, m, { label: i ? "" : m.label }), [b[0] + 0.55, b[1] - 0.3 - 0.5 * (n - 1)], b, 0.1, true); });
  });
  if (data.background) { history.addTo(map); }
  var legend = L.control({ position: "topright" });
  legend.onAdd = function () {
    var box = el("details", "", "gm-panel");
    box.open = window.innerWidth > 600;
    box.appendChild(el("summary", "Legend"));
    var types = [];
    data.events.forEach(function (e) { if (types.indexOf(e.type) < 0 && (!e.quiet || data.background)) { types.push(e.type); } });
    if (types.length) { box.appendChild(el("h4", "Events")); }
    types.forEach(function (t) { var row = el("div"), icon = el("span"); icon.innerHTML = symbol(data.styles[t] || ["#555", "circle"], 14, false); row.appendChild(icon); row.appendChild(el("span", t.replace(/_/g, " "))); box.appendChild(row); });
    box.appendChild(el("h4", "Movements of people"));
    [["happened", "solid"], ["expected or planned", "dashed"], ["other end not told", "dotted"]].forEach(function (r, i) {
      var row = el("div"), line = el("span"); line.style.cssText = "width:28px;border-top:4px " + r[1] + " " + (i === 1 ? forecast : done); row.appendChild(line); row.appendChild(el("span", r[0])); box.appendChild(row);
    });
    box.appendChild(el("div", "Width grows with the number of people; the widest is " + most.toLocaleString("en") + "."));
    box.appendChild(el("div", "A shaded outline: known only to that area. Dashed ochre: disputed."));
    if (data.unplaced) { box.appendChild(el("div", data.unplaced + " movement(s) without a known place are only in the table.")); }
    var label = el("label"), check = el("input"); check.type = "checkbox"; check.checked = data.background;
    check.addEventListener("change", function () { if (check.checked) { history.addTo(map); } else { map.removeLayer(history); } });
    label.appendChild(check); label.appendChild(el("span", "show history and denials")); box.appendChild(label);
    L.DomEvent.disableClickPropagation(box); L.DomEvent.disableScrollPropagation(box);
    return box;
  };
  legend.addTo(map);
  L.control.scale().addTo(map);
  var foot = L.control({ position: "bottomright" });
  foot.onAdd = function () { return el("div", data.disclaimer + " " + data.attribution + " Data " + data.version + ".", "gm-foot"); };
  foot.addTo(map);
  var wide = window.innerWidth > 600;
  map.fitBounds(data.view, { paddingTopLeft: [wide ? 50 : 10, 10], paddingBottomRight: [wide ? 260 : 10, 40], animate: false });
}
