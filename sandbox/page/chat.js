// The chat: one person's view of the bot, fed by server-sent events.

import { CommandMenu } from "./commands.js";
import { dayElement, element, messageElement } from "./message.js";
import { Shop } from "./shop.js";

const find = (id) => document.getElementById(id);
const log = find("log");
const text = find("text");
const messages = new Map();
let user = Number(new URLSearchParams(location.search).get("user")) || 1001;
let person = { started: false, blocked: false, deactivated: false };
let stream = null;
let typingTimer = 0;
let toastTimer = 0;

async function ask(path, body) {
  const options = body && {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  };
  try {
    const response = await fetch(`/sandbox/${path}`, options);
    const answer = await response.json();
    if (response.ok) return answer;
    toast(answer.error, true);
  } catch {
    toast("The sandbox does not answer. Is it still running?", true);
  }
  return null;
}

function toast(words, problem = false) {
  const box = find("toast");
  box.textContent = words;
  box.classList.toggle("problem", problem);
  box.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { box.hidden = true; }, 4000);
}

function status(words, active = false) {
  find("status").textContent = words;
  find("status").classList.toggle("active", active);
}

// --- what a person does ---

async function say(words) {
  const said = await ask("say", { user, text: words, wait: false });
  if (said) toEnd();
  return said;
}

async function tap(message, button, control) {
  control.classList.add("waiting");
  const tapped = await ask("tap", { user, message_id: message.message_id, button: button.callback_data, wait: false });
  if (!tapped) control.classList.remove("waiting");
}

async function pay(what, control) {
  control?.classList.add("waiting");
  const answer = await ask("pay", { user, ...what, wait: false });
  control?.classList.remove("waiting");
  if (answer && !answer.paid) toast(answer.refusal, true);
}

const shop = new Shop(say);
const menu = new CommandMenu(find("commands"), text, say);
const actions = {
  say,
  tap,
  pay,
  follow(event, address) {
    if (address.startsWith("https://t.me/$")) { // an invoice: Telegram's apps open it themselves
      event.preventDefault();
      pay({ link: address });
      return;
    }
    if (event.ctrlKey || event.metaKey || event.shiftKey || !shop.has(address)) return;
    event.preventDefault();
    shop.visit(address);
  },
};

// --- what the chat shows ---

function isAtEnd() {
  return log.scrollHeight - log.scrollTop - log.clientHeight < 80;
}

function toEnd() {
  log.scrollTop = log.scrollHeight;
}

function dayOf(message) {
  return new Date(message.date * 1000).toDateString();
}

function append(message, previous) {
  if (!previous || dayOf(previous) !== dayOf(message)) log.append(dayElement(new Date(message.date * 1000)));
  const item = messageElement(message, messages.get(message.reply_to), actions);
  for (const image of item.querySelectorAll("img")) {
    image.addEventListener("load", () => { if (item === log.lastElementChild) toEnd(); });
  }
  log.append(item);
  return item;
}

function newest() {
  return [...messages.values()].filter((message) => !message.deleted).at(-1);
}

function showMessage(message) {
  const atEnd = isAtEnd();
  const shown = log.querySelector(`[data-id="${Number(message.message_id)}"]`);
  const previous = newest();
  messages.set(message.message_id, message);
  if (message.deleted) {
    if (shown?.contains(document.activeElement)) log.focus();
    shown?.remove();
  } else if (shown) {
    replace(shown, messageElement(message, messages.get(message.reply_to), actions));
  } else {
    append(message, previous).classList.add("fresh");
    if (message.from === "bot") stopTyping();
  }
  if (atEnd || message.from === "user") toEnd();
  showState();
}

function replace(shown, item) {
  const focused = [...shown.querySelectorAll("button, a")].indexOf(document.activeElement);
  item.classList.add("changed");
  shown.replaceWith(item);
  if (focused < 0) return;
  const targets = item.querySelectorAll("button, a");
  (targets[Math.min(focused, targets.length - 1)] ?? log).focus({ preventScroll: true });
}

function showState() {
  const empty = ![...messages.values()].some((message) => !message.deleted);
  const speaks = !person.deactivated && !person.blocked && person.started;
  const leaves = [find("start"), find("unblock")].includes(document.activeElement);
  find("welcome").hidden = !empty;
  find("composer").hidden = !speaks;
  find("start").hidden = person.started || person.blocked || person.deactivated;
  find("unblock").hidden = !person.blocked || person.deactivated;
  find("gone").hidden = !person.deactivated;
  find("block").checked = person.blocked;
  find("block").disabled = person.deactivated;
  if (speaks && leaves) text.focus(); // the button that had the focus is gone
}

function stopTyping() {
  clearTimeout(typingTimer);
  status("bot");
}

const handlers = {
  sync(data) {
    person = data.user;
    menu.commands = data.commands;
    find("bot-name").textContent = data.bot.first_name;
    messages.clear();
    for (const message of data.messages) messages.set(message.message_id, message);
    log.setAttribute("aria-busy", "true");
    log.replaceChildren();
    let previous = null;
    for (const message of messages.values()) {
      if (message.deleted) continue;
      append(message, previous);
      previous = message;
    }
    log.removeAttribute("aria-busy");
    stopTyping();
    showState();
    toEnd();
  },
  message(data) {
    if (data.from === "user") person.started = true;
    showMessage(data);
  },
  user(data) {
    person = data;
    showState();
  },
  commands(data) {
    menu.commands = data.commands;
    menu.update();
  },
  action(data) {
    const what = data.action.startsWith("upload") ? "sending a file…" : "typing…";
    status(what, true);
    clearTimeout(typingTimer);
    typingTimer = setTimeout(stopTyping, 5000);
  },
  answer(data) {
    for (const control of log.querySelectorAll(".waiting")) control.classList.remove("waiting");
    if (data.show_alert && data.text) {
      find("alert-text").textContent = data.text;
      find("alert").showModal();
    } else if (data.text) {
      toast(data.text);
    }
  },
};

function listen() {
  stream?.close();
  status("connecting…");
  stream = new EventSource(`/sandbox/events?user=${user}`);
  for (const [kind, handle] of Object.entries(handlers)) {
    stream.addEventListener(kind, (event) => handle(JSON.parse(event.data)));
  }
  stream.onerror = () => {
    status("connecting…");
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  };
}

// --- who is speaking ---

async function showPeople() {
  const { users } = (await ask("users")) ?? { users: [] };
  find("people").replaceChildren(...users.map(({ id, first_name }) => {
    const pill = element("button", { type: "button", className: "pill", title: `Telegram id ${id}` }, first_name);
    pill.setAttribute("aria-pressed", String(id === user));
    pill.addEventListener("click", () => become(id));
    return pill;
  }));
  return users;
}

async function become(id) {
  const hadFocus = find("people").contains(document.activeElement);
  user = id;
  history.replaceState(null, "", `?user=${id}`);
  text.value = "";
  menu.close();
  listen();
  await showPeople();
  if (hadFocus) find("people").querySelector('[aria-pressed="true"]')?.focus();
}

async function begin() {
  const users = await showPeople();
  if (!users.some(({ id }) => id === user)) {
    await ask("users", { user, first_name: `User ${user}` });
    await showPeople();
  }
  listen();
}

// --- wiring ---

find("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const words = text.value.trim();
  if (!words) return;
  text.value = "";
  menu.close();
  if (!(await say(words))) text.value = words;
});
text.addEventListener("keydown", (event) => {
  if (event.isComposing || menu.key(event)) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    find("composer").requestSubmit();
  }
});
find("command-button").addEventListener("mousedown", (event) => event.preventDefault());
find("command-button").addEventListener("click", () => menu.toggle());
find("start").addEventListener("click", () => say("/start"));
find("unblock").addEventListener("click", () => ask("unblock", { user, wait: false }));
find("block").addEventListener("change", (event) => {
  ask(event.target.checked ? "block" : "unblock", { user, wait: false });
});
find("menu-button").addEventListener("click", () => showMenu(find("menu").hidden));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !find("menu").hidden) {
    showMenu(false);
    find("menu-button").focus();
  }
});
document.addEventListener("pointerdown", (event) => {
  if (!event.target.closest(".menu")) showMenu(false);
});
function showMenu(open) {
  find("menu").hidden = !open;
  find("menu-button").setAttribute("aria-expanded", String(open));
  if (open) find("block").focus();
}
for (const control of document.querySelectorAll("[data-seconds]")) {
  control.addEventListener("click", async () => {
    const passed = await ask("clock", { advance_seconds: Number(control.dataset.seconds) });
    if (passed) toast(`It is now ${new Date(passed.now).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })}`);
  });
}
log.addEventListener("scroll", () => { find("to-end").hidden = isAtEnd(); });
find("to-end").addEventListener("click", () => { toEnd(); log.focus(); });
find("add-person").addEventListener("click", () => find("person").showModal());
find("person-cancel").addEventListener("click", () => find("person").close());
find("person-form").addEventListener("submit", async (event) => {
  const first_name = find("person-name").value.trim();
  if (!first_name) return event.preventDefault();
  const { users } = (await ask("users")) ?? { users: [] };
  const id = Math.max(1000, ...users.map((known) => known.id)) + 1;
  find("person-name").value = "";
  if (await ask("users", { user: id, first_name, language_code: find("person-language").value })) become(id);
});
begin();
