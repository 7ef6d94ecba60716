"use strict";
(() => {
  const byId = id => document.getElementById(id);
  const { trees, motions } = JSON.parse(byId("motions").textContent);
  const list = JSON.parse(atob(byId("trials").textContent));
  const YAW = 0.45, PITCH = 0.14, DISTANCE = 5, LONGEST_STEP_MS = 100;
  const KEYS = { 1: 1, 2: 2, 3: 3, ArrowLeft: 1, ArrowRight: 2, ArrowDown: 3 };
  const TEXTS = {
    deceitfulness: {
      title: "What is this person doing?",
      text: ["One figure moves. Then choose which of two names describes the motion best."],
      question: "Which describes the motion best?",
      captions: [""],
    },
    naturalness: {
      title: "Which motion looks more natural?",
      text: ["Two figures move side by side, twice. Then say which moves more like a real person, or that you cannot tell."],
      question: "Which motion looks more natural?",
      captions: ["Left", "Right"],
    },
    indistinguishability: {
      title: "Is the right motion a changed version of the left?",
      text: [
        "On the left you always see an original motion. On the right you see the same one, or one that was changed.",
        "Both play at their own speed first, then slowly. Then say whether you see any difference.",
      ],
      question: "Is the right motion a changed version of the left?",
      captions: ["Original", "The same, or changed?"],
    },
  };
  const total = list.parts.reduce((sum, part) => sum + part.trials.length, 0);
  const canvases = ["left", "right"].map(id => byId(id).querySelector("canvas"));
  const session = [...crypto.getRandomValues(new Uint8Array(16))].map(b => b.toString(16).padStart(2, "0")).join("");
  const answers = [];
  let part = 0, place = 0, trial = null, state = "welcome", askedAt = 0, shownMs = 0, saved = false;

  const decoded = new Map();
  function motion(index) {
    if (!decoded.has(index)) {
      const { data, frames, joints, mm, tree } = motions[index];
      const view = new DataView(Uint8Array.from(atob(data), c => c.charCodeAt(0)).buffer);
      const xyz = new Float32Array(frames * joints * 3);
      for (let i = 0; i < xyz.length; i += 1) xyz[i] = view.getInt16(2 * i, true) * mm;
      decoded.set(index, { xyz, frames, joints, bones: trees[tree] });
    }
    return decoded.get(index);
  }

  // A pinhole camera that looks at the middle of all motions of a trial, the same for each of them.
  function camera(shown) {
    const low = [Infinity, Infinity, Infinity], high = [-Infinity, -Infinity, -Infinity];
    for (const { xyz } of shown) {
      for (let i = 0; i < xyz.length; i += 1) {
        low[i % 3] = Math.min(low[i % 3], xyz[i]);
        high[i % 3] = Math.max(high[i % 3], xyz[i]);
      }
    }
    const middle = low.map((value, axis) => (value + high[axis]) / 2);
    const [across, tall, deep] = high.map((value, axis) => value - low[axis]);
    const wide = Math.cos(YAW) * across + Math.sin(YAW) * deep;
    return { middle, wide: Math.max(wide, 1), tall: Math.max(tall + Math.sin(PITCH) * deep, 1), size: Math.max(across, tall, deep, 1) };
  }

  function draw(canvas, { xyz, frames, joints, bones }, view, time) {
    const scale = window.devicePixelRatio || 1, context = canvas.getContext("2d");
    const width = canvas.clientWidth * scale, height = canvas.clientHeight * scale;
    if (canvas.width !== Math.round(width)) canvas.width = Math.round(width);
    if (canvas.height !== Math.round(height)) canvas.height = Math.round(height);
    context.clearRect(0, 0, canvas.width, canvas.height);
    const zoom = 0.86 * Math.min(width / view.wide, height / view.tall);
    const at = Math.min(time, frames - 1), frame = Math.min(Math.floor(at), Math.max(frames - 2, 0));
    const next = Math.min(frame + 1, frames - 1), share = at - frame;
    const place3 = joint => [0, 1, 2].map(axis => {
      const here = xyz[(frame * joints + joint) * 3 + axis], there = xyz[(next * joints + joint) * 3 + axis];
      return here + share * (there - here) - view.middle[axis];
    });
    const project = ([x, y, z]) => {
      const across = Math.cos(YAW) * x + Math.sin(YAW) * z, depth = Math.cos(YAW) * z - Math.sin(YAW) * x;
      const up = Math.cos(PITCH) * y - Math.sin(PITCH) * depth, near = Math.sin(PITCH) * y + Math.cos(PITCH) * depth;
      const lens = DISTANCE * view.size / (DISTANCE * view.size - near);
      return [width / 2 + zoom * lens * across, height / 2 - zoom * lens * up];
    };
    const points = Array.from({ length: joints }, (_, joint) => project(place3(joint)));
    context.strokeStyle = context.fillStyle = getComputedStyle(canvas).getPropertyValue("--body");
    context.lineCap = "round";
    context.lineWidth = Math.max(2 * scale, Math.min(width, height) / 90);
    context.beginPath();
    for (const [a, b] of bones) {
      context.moveTo(...points[a]);
      context.lineTo(...points[b]);
    }
    context.stroke();
    for (const [x, y] of points) {
      context.beginPath();
      context.arc(x, y, 0.85 * context.lineWidth, 0, 2 * Math.PI);
      context.fill();
    }
  }

  function blank() {
    for (const canvas of canvases) canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  }

  // Time of the page's own frames: it stands still while the page is hidden, and no motion plays unseen.
  function play(shown, phases, ended) {
    const view = camera(shown);
    let phase = 0, inPhase = 0, last = performance.now();
    shownMs = 0;
    const step = now => {
      const passed = Math.min(Math.max(now - last, 0), LONGEST_STEP_MS);
      last = now;
      inPhase += passed;
      shownMs += passed;
      if (inPhase >= 1000 * phases[phase][0]) {
        phase += 1;
        inPhase = 0;
      }
      if (phase === phases.length) {
        blank();
        ended();
        return;
      }
      byId("status").textContent = phases[phase][1] < 1 ? "Watch, slowly now." : "Watch.";
      const frames = Math.max(...shown.map(each => each.frames));
      const time = (inPhase * phases[phase][1] / list.frame_ms) % Math.max(frames - 1, 1);
      shown.forEach((each, index) => draw(canvases[index], each, view, time));
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  function show(section) {
    for (const each of document.querySelectorAll("main > section")) each.hidden = each.id !== section;
    window.scrollTo(0, 0);
  }

  function told() {
    const practice = trial && trial.expected !== undefined ? "Practice. " : "";
    byId("where").textContent = `${practice}Part ${part + 1} of ${list.parts.length}, ${answers.length} of ${total} questions answered`;
    byId("progress").value = answers.length;
  }

  function instruct() {
    state = "instructions";
    const { title, text } = TEXTS[list.parts[part].part];
    byId("part-title").textContent = title;
    byId("part-text").replaceChildren(...text.map(line => Object.assign(document.createElement("p"), { textContent: line })));
    trial = null;
    told();
    show("instructions");
    byId("practise").focus();
  }

  function ready(next) {
    state = "ready";
    trial = next;
    const { question, captions } = TEXTS[list.parts[part].part];
    byId("question").textContent = question;
    ["left", "right"].forEach((id, index) => {
      byId(id).hidden = index >= trial.motions.length;
      byId(id).querySelector("figcaption").textContent = captions[index] || "";
    });
    byId("answers").replaceChildren(...trial.options.map((text, index) => {
      const button = document.createElement("button");
      const key = document.createElement("kbd");
      button.type = "button";
      button.disabled = true;
      button.append(text, key);
      key.textContent = index + 1;
      button.addEventListener("click", () => answer(index + 1));
      return button;
    }));
    byId("status").textContent = "";
    byId("starting").hidden = false;
    told();
    show("trial");
    blank();
    byId("start").focus();
  }

  function start() {
    if (state !== "ready") return;
    state = "playing";
    byId("starting").hidden = true;
    play(trial.motions.map(motion), list.parts[part].play, () => {
      state = "asking";
      for (const button of byId("answers").children) button.disabled = false;
      byId("status").textContent = "Now answer.";
      askedAt = performance.now();
    });
  }

  function answer(choice) {
    if (state !== "asking" || choice > trial.options.length) return;
    if (trial.expected === undefined) {
      const answerMs = Math.round(performance.now() - askedAt);
      answers.push({ trial: trial.id, choice, shown_ms: Math.round(shownMs), answer_ms: answerMs });
      place += 1;
    } else {
      place = 0;
    }
    const wrong = trial.expected !== undefined && trial.expected !== choice;
    const expected = wrong ? trial.options[trial.expected - 1] : "";
    const { trials } = list.parts[part];
    if (place < trials.length) {
      const practised = trial.expected !== undefined;
      ready(trials[place]);
      if (practised) {
        const verdict = wrong ? `That was practice; expected was \u201c${expected}\u201d.` : "That was practice, as expected.";
        byId("status").textContent = `${verdict} From now on it counts.`;
      }
    } else if (part + 1 < list.parts.length) {
      part += 1;
      instruct();
    } else {
      state = "end";
      trial = null;
      told();
      show("end");
      byId("save").focus();
    }
  }

  function save() {
    const content = {
      format: "kinesec study answers",
      version: 1,
      page_version: list.page_version,
      trials_sha256: list.trials_sha256,
      session,
      consent: true,
      answers,
    };
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([`${JSON.stringify(content, null, 1)}\n`], { type: "application/json" }));
    link.download = `answers-${session.slice(0, 12)}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    saved = true;
    byId("saved").textContent = `Saved as ${link.download}. Hand this file over; you may save it again.`;
  }

  byId("consent").addEventListener("change", event => { byId("begin").disabled = !event.target.checked; });
  byId("begin").addEventListener("click", instruct);
  byId("practise").addEventListener("click", () => ready(list.parts[part].practice[0]));
  byId("start").addEventListener("click", start);
  byId("save").addEventListener("click", save);
  document.addEventListener("keydown", event => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " " && !event.target.closest("button, input")) {
      event.preventDefault();
      const main = { instructions: "practise", ready: "start" }[state];
      if (main) byId(main).click();
    } else if (state === "asking" && KEYS[event.key]) {
      event.preventDefault();
      answer(KEYS[event.key]);
    }
  });
  window.addEventListener("beforeunload", event => {
    if (answers.length && !saved) event.preventDefault();
  });
})();
