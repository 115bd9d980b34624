// A message as DOM. Foreign text becomes text nodes only; links go to http, https, tg and mailto alone.

const TAGS = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote",
};
const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]); // they end their line by themselves
const SAFE = /^(https?|tg|mailto):/i;
const ICONS = {
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
  silent: "M6 17h12l-1.5-3v-4a4.5 4.5 0 0 0-7-3.7M7.6 9.2 7.5 14 6 17M10 20h4M4 4l16 16",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
};

export function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children.filter((child) => child !== null));
  return node;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

function link(address, label, actions) {
  const target = /^[a-z][a-z0-9+.-]*:/i.test(address) ? address : `http://${address}`;
  if (!SAFE.test(target)) return element("span", {}, ...label);
  const anchor = element("a", { href: target, target: "_blank", rel: "noopener noreferrer" }, ...label);
  anchor.addEventListener("click", (event) => actions.follow(event, target));
  return anchor;
}

function wrapped(entity, children, plain, actions) {
  switch (entity.type) {
    case "text_link": return link(entity.url, children, actions);
    case "url": return link(plain, children, actions);
    case "email": return link(`mailto:${plain}`, children, actions);
    case "spoiler": return element("span", { className: "spoiler", tabIndex: 0 }, ...children);
    case "bot_command": {
      const button = element("button", { type: "button", className: "command" }, ...children);
      button.addEventListener("click", () => actions.say(plain));
      return button;
    }
    default: return element(TAGS[entity.type] ?? "span", {}, ...children);
  }
}

// Entities are sorted, outer before inner; offsets are UTF-16 units, as JavaScript counts.
function words(text, entities, actions, start = 0, end = text.length) {
  const nodes = [];
  let position = start;
  for (let index = 0; index < entities.length; index++) {
    const entity = entities[index];
    const stop = Math.min(entity.offset + entity.length, end);
    if (entity.offset < position || stop <= entity.offset) continue;
    if (entity.offset > position) nodes.push(text.slice(position, entity.offset));
    const inner = entities.slice(index + 1).filter((other) => other.offset < stop);
    const children = words(text, inner, actions, entity.offset, stop);
    nodes.push(wrapped(entity, children, text.slice(entity.offset, stop), actions));
    position = BLOCKS.has(entity.type) && text[stop] === "\n" && stop < end ? stop + 1 : stop;
  }
  if (position < end) nodes.push(text.slice(position, end));
  return nodes;
}

function photo(message) {
  const line = message.text.split("\n", 1)[0].trim();
  const image = element("img", {
    className: "photo", alt: line ? `Picture: ${line}` : "Picture", src: message.photo, referrerPolicy: "no-referrer",
  });
  image.addEventListener("error", () => {
    image.replaceWith(element("div", { className: "no-photo" }, icon("picture"), "The picture cannot be shown"));
  }, { once: true });
  return image;
}

function buttons(message, actions) {
  const box = element("div", { className: "buttons" });
  for (const row of message.buttons) {
    const line = element("div");
    for (const button of row) {
      if (button.url) {
        const anchor = link(button.url, [button.text, element("span", { ariaHidden: "true" }, "↗")], actions);
        line.append(anchor);
      } else if (button.pay) {
        const control = element("button", { type: "button", className: "pay" }, button.text);
        control.addEventListener("click", () => actions.pay({ message_id: message.message_id }, control));
        line.append(control);
      } else {
        const control = element("button", { type: "button" }, button.text);
        control.addEventListener("click", () => actions.tap(message, button, control));
        line.append(control);
      }
    }
    box.append(line);
  }
  return box;
}

function aboutMoney(message) {
  if (message.invoice) {
    const { title, description, total_amount } = message.invoice;
    return element("div", { className: "words invoice" },
      element("b", {}, title), "\n", description, "\n", element("b", {}, `⭐ ${total_amount}`));
  }
  if (message.paid) return element("div", { className: "words service" }, `Paid ⭐ ${message.paid.total_amount}`);
  if (message.went_back) {
    return element("div", { className: "words service" }, `Refunded ⭐ ${message.went_back.total_amount}`);
  }
  return null;
}

export function messageElement(message, original, actions) {
  const media = Boolean(message.photo || message.document);
  const bubble = element("div", { className: media ? "bubble media" : "bubble" });
  if (message.forwarded) bubble.append(element("span", { className: "forwarded" }, "Forwarded message"));
  if (original) bubble.append(element("span", { className: "quote" }, original.text || original.invoice?.title || "Picture"));
  if (message.photo) bubble.append(photo(message));
  if (message.document) {
    bubble.append(element("a", { className: "document", href: message.document_url, download: message.document },
      icon("file"), message.document));
  }
  const money = aboutMoney(message);
  if (money) bubble.append(money);
  if (message.text) {
    bubble.append(element("div", { className: "words" }, ...words(message.text, message.entities, actions)));
  }
  const sent = new Date(message.date * 1000);
  const time = element("time", { dateTime: sent.toISOString() },
    sent.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  const meta = element("div", { className: "meta" });
  if (message.edited) meta.append("edited");
  if (message.silent) {
    meta.append(element("span", { className: "silent", title: "Sent without a sound" },
      icon("silent"), element("span", { className: "hidden" }, "silent")));
  }
  meta.append(time);
  bubble.append(meta);
  const item = element("li", { className: `message ${message.from}` },
    element("span", { className: "hidden" }, message.from === "bot" ? "The bot: " : "You: "), bubble);
  if (message.buttons.length) item.append(buttons(message, actions));
  item.dataset.id = message.message_id;
  return item;
}

export function dayElement(date) {
  return element("li", { className: "day" },
    date.toLocaleDateString([], { weekday: "short", day: "numeric", month: "long" }));
}
