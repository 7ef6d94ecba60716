// The skeleton viewer: motions from #viewer-data, drawn on 2D canvases by a camera of its own. Nothing is allocated while it plays.
(function () {
"use strict";
var root = document.getElementById("viewer"), source = document.getElementById("viewer-data");
if (!root || !source) return;
var data = JSON.parse(source.textContent);
var byId = function (id) { return document.getElementById("viewer-" + id); };
var stage = byId("stage"), select = byId("motion"), play = byId("play"), scrub = byId("frame"), clock = byId("time");
var speed = byId("speed"), overlay = byId("overlay"), tint = byId("tint"), legend = byId("legend");
var MOST = 3, SHADES = 64, HOLD_MS = 700, GRID_MM = 500, YAW = 25, PITCH = 12, LEAST = 0.01, RADIAN = Math.PI / 180;
var MINUS = "\u2212", DASHES = { reference: [], model: [6, 3], attacked: [] }, NO_DASH = [];

// ---- what is shown
var scene, comparison, panels = [], time = 0, playing = false, held = 0, last = 0, waiting = false, seen = true, told = -1;
var yaw = YAW, pitch = PITCH, zoom = 1, ink = {}, shades = [];
var calm = window.matchMedia("(prefers-reduced-motion: reduce)");

function shade(place) {
  var at = place * (data.colours.length - 1), low = Math.min(Math.floor(at), data.colours.length - 2), part = at - low;
  var mixed = [1, 3, 5].map(function (start) {
    var a = parseInt(data.colours[low].substr(start, 2), 16), b = parseInt(data.colours[low + 1].substr(start, 2), 16);
    return Math.round(a + (b - a) * part);
  });
  return "rgb(" + mixed.join(",") + ")";
}
for (var s = 0; s < SHADES; s++) shades.push(shade(s / (SHADES - 1)));
legend.querySelector(".viewer-bar").style.background = "linear-gradient(to right," + data.colours.join(",") + ")";

function decoded(raw) {  // a scene's tracks as Float32Array (frame, joint, xyz) in mm, made once
  if (raw.motions) return raw;
  raw.joints = raw.parents.length;
  var width = raw.joints * 3;
  raw.motions = raw.tracks.map(function () { return new Float32Array(raw.frames * width); });
  raw.tracks.forEach(function (track, index) {
    var bytes = atob(track.codes), motion = raw.motions[index], start = track.same * width, code, i;
    for (i = 0; i < start; i++) motion[i] = raw.motions[track.of][i];
    for (i = start; i < motion.length; i++) {
      code = bytes.charCodeAt(2 * (i - start)) | bytes.charCodeAt(2 * (i - start) + 1) << 8;
      motion[i] = raw.centre[i % 3] + raw.step * (code > 32767 ? code - 65536 : code);
    }
  });
  raw.bones = [];
  raw.parents.forEach(function (parent, joint) { if (parent >= 0) raw.bones.push(joint); });
  raw.isLimb = raw.parents.map(function (_, joint) { return raw.limb.indexOf(joint) >= 0; });
  return raw;
}

// less than LEAST mm is arithmetic, and no scale is made of it
var TICKS = [1, 2, 5, 10], ENDS = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];
function nice(value, steps) {  // the least of the steps times a power of ten that is no less
  if (!(value > 0)) return 1;
  var power = Math.pow(10, Math.floor(Math.log10(value)));
  for (var i = 0; i < steps.length; i++) if (steps[i] * power >= value * 0.9999) return +(steps[i] * power).toPrecision(2);
  return 10 * power;
}
function digits(value) { return value < 0.005 ? "0" : value >= 99.95 ? value.toFixed(0) : value >= 0.995 ? value.toFixed(1) : value.toFixed(2); }

function choose(value) {
  var place = value.split(".");
  scene = decoded(data.scenes[+place[0]]);
  comparison = scene.comparisons[+place[1]];
  var reference = scene.motions[comparison.panels[0].track];
  comparison.most = 0;
  panels = comparison.panels.map(function (panel) {
    var motion = scene.motions[panel.track], moved = new Float32Array(scene.frames * scene.joints);
    for (var i = 0; i < moved.length; i++) {
      var x = motion[3 * i] - reference[3 * i], y = motion[3 * i + 1] - reference[3 * i + 1], z = motion[3 * i + 2] - reference[3 * i + 2];
      moved[i] = Math.sqrt(x * x + y * y + z * z);
      if (moved[i] > comparison.most) comparison.most = moved[i];
    }
    return {
      role: panel.role, name: panel.name, said: panel.said, limb: panel.limb, motion: motion, moved: moved,
      bonesMean: panel.bones_mean, bonesMost: panel.bones_most, acceleration: scene.tracks[panel.track].acceleration,
      pose: new Float32Array(scene.joints * 3), tone: new Float32Array(scene.joints), x: new Float32Array(scene.joints),
      y: new Float32Array(scene.joints), depth: new Float32Array(scene.joints), size: new Float32Array(scene.joints),
      sx: new Float32Array(scene.joints), sy: new Float32Array(scene.joints)
    };
  });
  comparison.top = comparison.most < LEAST ? 1 : nice(comparison.most, ENDS);
  measure(reference);
  var many = panels.length * (scene.joints + scene.bones.length);
  items.depth = new Float32Array(many); items.panel = new Uint8Array(many); items.joint = new Uint16Array(many);
  items.bone = new Uint8Array(many);
  views.forEach(function (view) { view.order = new Uint16Array(many); view.count = -1; });
  describe();
  scrub.max = scene.frames - 1;
  time = 0; held = 0; told = -1;
  resize();
}

function measure(reference) {  // how far bodies reach from the reference's root, and where the floor is
  var low = Infinity, high = -Infinity, across = 0;
  panels.forEach(function (panel) {
    for (var i = 0; i < panel.motion.length; i += 3) {
      var at = i - i % (scene.joints * 3), x = panel.motion[i] - reference[at], z = panel.motion[i + 2] - reference[at + 2];
      across = Math.max(across, x * x + z * z);
      low = Math.min(low, panel.motion[i + 1]); high = Math.max(high, panel.motion[i + 1]);
    }
  });
  var floor = Infinity;
  for (var i = 1; i < reference.length; i += 3) floor = Math.min(floor, reference[i]);
  scene.across = Math.max(Math.sqrt(across), 1); scene.tall = Math.max(high - low, 1);
  scene.middle = (low + high) / 2; scene.floor = floor;
}

function describe() {
  byId("title").textContent = scene.title;
  byId("key").hidden = !panels.some(function (panel) { return panel.limb; });
  views.forEach(function (view, index) {
    var panel = panels[index];
    view.box.hidden = !panel;
    if (!panel) return;
    view.name.textContent = panel.name; view.said.textContent = panel.said;
    view.swatch.className = "viewer-swatch " + panel.role;
    view.canvas.setAttribute("aria-label", panel.name + (panel.said ? ". " + panel.said : ""));
  });
  legend.querySelector("bdi").textContent = panels[0].name.toLowerCase();
  legend.querySelector(".viewer-scale").lastElementChild.textContent = comparison.top + " mm";
  root.querySelector(".viewer-traces bdi").textContent = panels[0].name.toLowerCase();
}

function toned() {  // colours as strings, kept: the page's scheme may change under us
  var style = getComputedStyle(root);
  ["reference", "model", "attacked", "limb", "floor"].forEach(function (name) { ink[name] = style.getPropertyValue("--v-" + name).trim(); });
  ["line", "quiet", "text"].forEach(function (name) { ink[name] = style.getPropertyValue("--" + name).trim(); });
}

// ---- the camera: turned about the vertical, then tipped; a little perspective
var items = { depth: null, panel: null, joint: null, bone: null };
var camera = { cosYaw: 1, sinYaw: 0, cosPitch: 1, sinPitch: 0, x: 0, z: 0, scale: 1, far: 1, left: 0, top: 0 };
var point = { x: 0, y: 0, depth: 0, size: 1 };

function project(x, y, z) {
  x -= camera.x; y -= scene.middle; z -= camera.z;
  var across = camera.cosYaw * x + camera.sinYaw * z, near = camera.cosYaw * z - camera.sinYaw * x;
  point.depth = camera.sinPitch * y + camera.cosPitch * near;
  point.size = camera.far / (camera.far - Math.min(point.depth, 0.9 * camera.far));
  point.x = camera.left + camera.scale * point.size * across;
  point.y = camera.top - camera.scale * point.size * (camera.cosPitch * y - camera.sinPitch * near);
}

function pose(panel) {  // where the joints are at this time, and how far from the reference's
  var low = Math.min(Math.floor(time), scene.frames - 1), high = Math.min(low + 1, scene.frames - 1), part = time - low;
  var width = scene.joints * 3, j, i;
  for (i = 0; i < width; i++) {
    var from = panel.motion[low * width + i];
    panel.pose[i] = from + part * (panel.motion[high * width + i] - from);
  }
  for (j = 0; j < scene.joints; j++) {
    var moved = panel.moved[low * scene.joints + j];
    panel.tone[j] = moved + part * (panel.moved[high * scene.joints + j] - moved);
  }
}

function place(panel) {
  for (var j = 0; j < scene.joints; j++) {
    project(panel.pose[3 * j], panel.pose[3 * j + 1], panel.pose[3 * j + 2]);
    panel.x[j] = point.x; panel.y[j] = point.y; panel.depth[j] = point.depth; panel.size[j] = point.size;
    project(panel.pose[3 * j], scene.floor, panel.pose[3 * j + 2]);
    panel.sx[j] = point.x; panel.sy[j] = point.y;
  }
}

function sorted(view, first, beyond) {  // painter's order, far to near: what is nearly in order stays cheap to sort
  var count = 0, p, j, i, order = view.order, depth = items.depth;
  for (p = first; p < beyond; p++) {
    var start = count;
    for (j = 0; j < scene.joints; j++) {
      items.depth[count] = panels[p].depth[j]; items.panel[count] = p; items.joint[count] = j; items.bone[count++] = 0;
    }
    for (i = 0; i < scene.bones.length; i++) {
      j = scene.bones[i];
      var middle = (panels[p].depth[j] + panels[p].depth[scene.parents[j]]) / 2;
      items.depth[count] = middle; items.panel[count] = p; items.joint[count] = j; items.bone[count++] = 1;
      // a joint lies on the bones that meet in it
      if (items.depth[start + j] <= middle) items.depth[start + j] = middle + 1;
      j = scene.parents[j];
      if (items.depth[start + j] <= middle) items.depth[start + j] = middle + 1;
    }
  }
  if (view.count !== count) for (i = 0; i < count; i++) order[i] = i;
  view.count = count;
  for (i = 1; i < count; i++) {
    var item = order[i], value = depth[item];
    for (j = i - 1; j >= 0 && depth[order[j]] > value; j--) order[j + 1] = order[j];
    order[j + 1] = item;
  }
  return count;
}

function ground(context) {
  var reach = 1.25 * Math.max(scene.across, scene.tall / 2), first, step = GRID_MM, c, half;
  context.strokeStyle = ink.line; context.lineWidth = 1;
  context.beginPath();
  for (first = Math.ceil((camera.x - reach) / step) * step, c = first; c < camera.x + reach; c += step) {
    half = Math.sqrt(reach * reach - (c - camera.x) * (c - camera.x));
    project(c, scene.floor, camera.z - half); context.moveTo(point.x, point.y);
    project(c, scene.floor, camera.z + half); context.lineTo(point.x, point.y);
  }
  for (first = Math.ceil((camera.z - reach) / step) * step, c = first; c < camera.z + reach; c += step) {
    half = Math.sqrt(reach * reach - (c - camera.z) * (c - camera.z));
    project(camera.x - half, scene.floor, c); context.moveTo(point.x, point.y);
    project(camera.x + half, scene.floor, c); context.lineTo(point.x, point.y);
  }
  context.stroke();
}

function shadow(context, panel, thick) {
  context.globalAlpha = 0.16; context.strokeStyle = ink.text; context.lineWidth = thick;
  context.beginPath();
  for (var i = 0; i < scene.bones.length; i++) {
    var j = scene.bones[i], parent = scene.parents[j];
    context.moveTo(panel.sx[parent], panel.sy[parent]); context.lineTo(panel.sx[j], panel.sy[j]);
  }
  context.stroke();
  context.globalAlpha = 1;
}

function bodies(context, count, order, unit) {
  var past = time <= scene.history - 1, coloured = tint.checked;
  for (var i = 0; i < count; i++) {
    var item = order[i], panel = panels[items.panel[item]], j = items.joint[item], parent = scene.parents[j];
    var colour = past ? (panel.limb && scene.isLimb[j] ? ink.limb : ink.reference) : ink[panel.role];
    if (items.bone[item]) {
      var thick = unit * panel.size[j];
      context.beginPath(); context.moveTo(panel.x[parent], panel.y[parent]); context.lineTo(panel.x[j], panel.y[j]);
      context.strokeStyle = ink.floor; context.lineWidth = thick + 3; context.stroke();
      context.strokeStyle = colour; context.lineWidth = thick; context.stroke();
    } else {
      var shown = coloured && panel !== panels[0];
      context.beginPath(); context.arc(panel.x[j], panel.y[j], (shown ? 1.15 : 0.8) * unit * panel.size[j], 0, 6.2832);
      context.fillStyle = shown ? shades[Math.min(SHADES - 1, Math.floor(panel.tone[j] / comparison.top * SHADES))] : colour;
      context.fill();
      if (shown) { context.strokeStyle = ink.quiet; context.lineWidth = 1; context.stroke(); }
    }
  }
}

function aim() {
  camera.cosYaw = Math.cos(yaw * RADIAN); camera.sinYaw = Math.sin(yaw * RADIAN);
  camera.cosPitch = Math.cos(pitch * RADIAN); camera.sinPitch = Math.sin(pitch * RADIAN);
  camera.x = panels[0].pose[0]; camera.z = panels[0].pose[2];
  camera.far = 4 * Math.max(scene.across, scene.tall);
}

function drawView(view, first, beyond) {
  var context = view.context, width = view.width, height = view.height, p;
  context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  camera.scale = zoom * 0.84 * Math.min(width / 2 / scene.across, height / scene.tall);
  camera.left = width / 2; camera.top = 0.47 * height;
  context.lineCap = "round";
  ground(context);
  var unit = Math.max(1.5, Math.min(6, 0.0165 * camera.scale * scene.tall));
  for (p = first; p < beyond; p++) place(panels[p]);
  for (p = first; p < beyond; p++) shadow(context, panels[p], unit);
  bodies(context, sorted(view, first, beyond), view.order, unit);
}

function draw() {
  var p;
  for (p = 0; p < panels.length; p++) pose(panels[p]);
  aim();
  if (overlay.checked) drawView(views[0], 0, panels.length);
  else for (p = 0; p < panels.length; p++) drawView(views[p], p, p + 1);
  playhead(bones); playhead(jolts);
  var frame = Math.min(Math.round(time), scene.frames - 1);
  if (frame !== told) tell(frame);
}

function tell(frame) {  // the words that change with the frame: at most as often as frames do
  told = frame;
  scrub.value = frame;
  var at = (frame + 1 - (scene.history || 1)) * scene.frame_ms, words = "frame " + (frame + 1) + " of " + scene.frames + ", ";
  if (scene.nominal) words += (at < 0 ? MINUS : "") + Math.abs(at).toFixed(0) + " ms (nominal), ";
  else words += (at / 1000).toFixed(2) + " s";
  if (scene.history) words += frame < scene.history ? "observed" : "predicted";
  clock.textContent = words.replace(/, $/, "");
  scrub.setAttribute("aria-valuetext", clock.textContent);
  panels.forEach(function (panel, index) {
    var sum = 0, most = 0, start = frame * scene.joints;
    for (var j = start; j < start + scene.joints; j++) { sum += panel.moved[j]; most = Math.max(most, panel.moved[j]); }
    views[index].moved.textContent = index ? "Joints moved " + digits(sum / scene.joints) + " mm, at most " + digits(most) +
      "; bones changed " + digits(panel.bonesMean[frame]) + " mm, at most " + digits(panel.bonesMost[frame]) : "";
  });
}

// ---- traces: drawn once to a hidden canvas, which each frame gets under its playhead
function plot(trace) {
  var c = trace.hidden.getContext("2d"), w = trace.width, h = trace.height, left = 38, right = 8, top = 8, bottom = 20, most = 0;
  trace.left = left; trace.right = w - right;
  c.setTransform(trace.ratio, 0, 0, trace.ratio, 0, 0);
  c.clearRect(0, 0, w, h);
  panels.forEach(function (panel) { trace.of(panel).forEach(function (value) { most = Math.max(most, value); }); });
  if (most < LEAST) most = 1;
  var step = nice(most / 3, TICKS), high = Math.max(step, Math.ceil(most / step - 0.001) * step), span = Math.max(scene.frames - 1, 1);
  var x = function (frame) { return left + (trace.right - left) * frame / span; };
  var y = function (value) { return h - bottom - (h - bottom - top) * value / high; };
  c.font = "11px system-ui, sans-serif"; c.fillStyle = ink.quiet; c.strokeStyle = ink.line; c.lineWidth = 1;
  c.textAlign = "right"; c.textBaseline = "middle";
  for (var value = 0; value < high + step / 2; value += step) {
    c.beginPath(); c.moveTo(left, y(value)); c.lineTo(trace.right, y(value)); c.stroke();
    c.fillText(String(+value.toPrecision(3)), left - 5, y(value));
  }
  c.textBaseline = "top";
  var every = Math.max(1, nice(scene.frames / 6, TICKS));
  for (var frame = every; frame <= scene.frames; frame += every) { c.textAlign = "center"; c.fillText(frame, x(frame - 1), h - bottom + 5); }
  c.textAlign = "left"; c.fillText("frame", 0, h - bottom + 5);
  if (scene.history) {
    var seam = x(scene.history - 0.5);
    c.setLineDash([2, 3]); c.strokeStyle = ink.quiet; c.beginPath(); c.moveTo(seam, top); c.lineTo(seam, h - bottom); c.stroke();
    c.fillText("predicted", seam + 4, top - 4);
  }
  panels.forEach(function (panel) {
    c.strokeStyle = ink[panel.role]; c.lineWidth = panel.role === "attacked" ? 2.2 : 1.6; c.setLineDash(DASHES[panel.role]);
    c.beginPath();
    trace.of(panel).forEach(function (value, index) { c[index ? "lineTo" : "moveTo"](x(index + trace.first), y(value)); });
    c.stroke();
  });
  c.setLineDash(NO_DASH);
}
function playhead(trace) {
  var context = trace.context, x = trace.left + (trace.right - trace.left) * time / Math.max(scene.frames - 1, 1);
  context.setTransform(trace.ratio, 0, 0, trace.ratio, 0, 0);
  context.clearRect(0, 0, trace.width, trace.height);
  context.drawImage(trace.hidden, 0, 0, trace.width, trace.height);
  context.strokeStyle = ink.text; context.lineWidth = 1.5;
  context.beginPath(); context.moveTo(x, 2); context.lineTo(x, trace.height - 18); context.stroke();
}

// ---- sizes
function fit(canvas, view) {
  var box = canvas.getBoundingClientRect();
  if (!box.width) return;
  view.ratio = window.devicePixelRatio || 1; view.width = box.width; view.height = box.height;
  // setting a size clears the canvas, also to the size that it has
  if (canvas.width !== Math.round(box.width * view.ratio)) canvas.width = Math.round(box.width * view.ratio);
  if (canvas.height !== Math.round(box.height * view.ratio)) canvas.height = Math.round(box.height * view.ratio);
  if (view.hidden) { view.hidden.width = canvas.width; view.hidden.height = canvas.height; }
}
function resize() {
  views.forEach(function (view) { fit(view.canvas, view); });
  [bones, jolts].forEach(function (trace) { fit(trace.canvas, trace); plot(trace); });
  draw();  // at once: a canvas that was cleared and waits for the next frame flickers
}

// ---- time
function tick(now) {
  waiting = false;
  if (playing && seen) {
    var passed = last ? Math.min(now - last, 100) : 0;
    last = now;
    if (time >= scene.frames - 1) {
      held += passed;
      if (held > HOLD_MS) { time = 0; held = 0; }
    } else time = Math.min(scene.frames - 1, time + passed * Number(speed.value) / scene.frame_ms);
  }
  draw();
  if (playing && seen) redraw();
}
function redraw() { if (!waiting) { waiting = true; requestAnimationFrame(tick); } }
function run(on) {
  playing = on; last = 0;
  play.textContent = on ? "Pause" : "Play";
  redraw();
}
function go(frame) {
  run(false);
  time = Math.max(0, Math.min(scene.frames - 1, frame)); held = 0;
  redraw();
}

// ---- hands
function turn(right, up) { yaw = (yaw + right) % 360; pitch = Math.max(-85, Math.min(85, pitch + up)); redraw(); }
function nearer(factor) { zoom = Math.max(0.4, Math.min(8, zoom * factor)); redraw(); }
function back() { yaw = YAW; pitch = PITCH; zoom = 1; redraw(); }
var TURNS = {
  left: function () { turn(15, 0); }, right: function () { turn(-15, 0); }, up: function () { turn(0, 10); }, down: function () { turn(0, -10); },
  in: function () { nearer(1.25); }, out: function () { nearer(0.8); }, back: back
};
var KEYS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", "+": "in", "=": "in", "-": "out", "0": "back" };
var fingers = new Map();
function spread() { var two = Array.from(fingers.values()); return Math.hypot(two[0].x - two[1].x, two[0].y - two[1].y); }

stage.addEventListener("keydown", function (event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " ") run(!playing);
  else if (KEYS[event.key]) TURNS[KEYS[event.key]]();
  else return;
  event.preventDefault();
});
stage.addEventListener("pointerdown", function (event) {
  if (event.target.tagName !== "CANVAS") return;
  fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  event.target.setPointerCapture(event.pointerId);
});
stage.addEventListener("pointermove", function (event) {
  var at = fingers.get(event.pointerId);
  if (!at) return;
  var x = event.clientX - at.x, y = event.clientY - at.y, before = fingers.size === 2 ? spread() : 0;
  at.x = event.clientX; at.y = event.clientY;
  if (before) nearer(spread() / before);
  else if (fingers.size === 1) turn(-0.5 * x, 0.4 * y);
});
["pointerup", "pointercancel"].forEach(function (name) {
  stage.addEventListener(name, function (event) { fingers.delete(event.pointerId); });
});
// the wheel belongs to the page until the view is clicked
stage.addEventListener("wheel", function (event) {
  if (event.target.tagName !== "CANVAS" || !(stage.contains(document.activeElement) || event.ctrlKey)) return;
  event.preventDefault();
  nearer(Math.exp(-0.0015 * event.deltaY));
}, { passive: false });

// ---- what is on the page
var views = Array.from(stage.querySelectorAll(".viewer-view")).slice(0, MOST).map(function (box) {
  var canvas = box.querySelector("canvas");
  return {
    box: box, canvas: canvas, context: canvas.getContext("2d"), width: 1, height: 1, ratio: 1, order: null, count: -1,
    name: box.querySelector("strong bdi"), said: box.querySelector(".viewer-said"), moved: box.querySelector(".viewer-moved"),
    swatch: box.querySelector(".viewer-swatch")
  };
});
function traced(name, first, of) {
  var canvas = byId(name), trace = { canvas: canvas, context: canvas.getContext("2d"), hidden: document.createElement("canvas"), first: first, of: of };
  var to = function (event) {
    var box = canvas.getBoundingClientRect();
    go(Math.round((event.clientX - box.left - trace.left) / (trace.right - trace.left) * (scene.frames - 1)));
  };
  canvas.addEventListener("pointerdown", function (event) { canvas.setPointerCapture(event.pointerId); to(event); });
  canvas.addEventListener("pointermove", function (event) { if (event.buttons) to(event); });
  return trace;
}
var bones = traced("bones", 0, function (panel) { return panel.bonesMean; });
var jolts = traced("acceleration", 1, function (panel) { return panel.acceleration; });

select.addEventListener("change", function () { choose(select.value); });
play.addEventListener("click", function () { run(!playing); });
scrub.addEventListener("input", function () { go(Number(scrub.value)); });
tint.addEventListener("change", function () { legend.hidden = !tint.checked; redraw(); });
overlay.addEventListener("change", function () { stage.classList.toggle("over", overlay.checked); resize(); });
root.querySelectorAll("[data-turn]").forEach(function (button) {
  button.addEventListener("click", TURNS[button.getAttribute("data-turn")]);
});
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", function () { toned(); resize(); });

root.hidden = false;
toned();
choose(select.value);
new ResizeObserver(resize).observe(stage);
var begun = calm.matches;
new IntersectionObserver(function (entries) {  // what is not seen does not move
  seen = entries[entries.length - 1].isIntersecting;
  if (seen && !begun) { begun = true; run(true); } else if (seen) run(playing);
}).observe(stage);
})();
