// Keys for the forms. Every action is a form that works without this file.
"use strict";

const judge = document.querySelector("form.judge");
const marked = document.querySelector("[name=marked]");
const isText = (at) => at.closest("textarea, input[type=text]") !== null;

// Whoever stops to look away is not slower.
let hiddenSince = document.hidden ? Date.now() : null;
let away = 0;
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    hiddenSince = Date.now();
  } else if (hiddenSince !== null) {
    away += Date.now() - hiddenSince;
    hiddenSince = null;
  }
});

for (const form of document.querySelectorAll("form")) {
  let isSent = false;
  form.addEventListener("submit", (event) => {
    if (isSent) event.preventDefault();
    isSent = true;
    const field = form.querySelector("[name=away]");
    if (field) field.value = Math.round(away / 1000);
  });
}
// A page that the browser kept is asked for anew: what it shows may be judged by now.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

function press(control) {
  if (control.matches("textarea, input[type=text]")) {
    control.focus();
  } else if (control.type === "radio" && control.checked) {
    // A finding is taken back by the same key; one of several codes has to stay.
    const usual = document.querySelector(`input[name="${CSS.escape(control.name)}"][data-usual]`);
    if (usual) usual.click();
  } else {
    control.focus();
    control.click();
  }
}

function controlOf(event) {
  const find = (key) => document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  const own = find(event.key.toLowerCase());
  if (own || event.shiftKey) return own;
  // Keyboards of other scripts, and those that have digits on the upper row only with Shift.
  const place = /^(?:Key|Digit|Numpad)([A-Z0-9])$/.exec(event.code);
  return place && (event.key > "~" || place[1] <= "9") ? find(place[1].toLowerCase()) : null;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return;
  const save = judge && judge.querySelector("[data-key=enter]");
  if (isText(event.target)) {
    if (event.key === "Escape") event.target.blur();
    if (event.key === "Enter" && !event.shiftKey && save) {
      event.preventDefault();
      save.click();
    }
    return;
  }
  if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
  const control = event.key === "Enter" ? save : controlOf(event);
  if (control) {
    event.preventDefault();
    press(control);
  }
});

// What is selected in the text fills the field of the words that were missed.
let selected = "";
document.addEventListener("selectionchange", () => {
  const selection = document.getSelection();
  const node = selection.anchorNode;
  if (!marked || !node || isText(document.activeElement)) return;
  const place = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
  if (place && place.closest(".reading")) selected = selection.toString().trim();
  const finding = document.querySelector("[name=finding]:checked");
  if (selected && finding && "marks" in finding.dataset) marked.value = selected;
});
document.addEventListener("change", (event) => {
  if (marked && "marks" in event.target.dataset && selected && !marked.value) marked.value = selected;
});

// The definition of the code that is under the pointer or has the focus is open.
let shown = null;
function explain(event) {
  const code = event.target.closest && event.target.closest("[data-about]");
  const entry = code && document.getElementById(code.dataset.about);
  if (!entry || entry === shown) return;
  if (shown) shown.open = false;
  entry.open = true;
  shown = entry;
  const panel = entry.closest(".codebook");
  // Only the panel moves, and only if the entry is not in sight.
  const [seen, own] = [panel.getBoundingClientRect(), entry.getBoundingClientRect()];
  if (panel.scrollHeight > panel.clientHeight && (own.top < seen.top || own.bottom > seen.bottom)) {
    panel.scrollTop += own.top - seen.top - 60;
  }
}
document.addEventListener("mouseover", explain);
document.addEventListener("focusin", explain);
