// The menu of commands above the message box: opens at "/", arrows choose, Enter or Tab takes, Escape closes.

import { element } from "./message.js";

export class CommandMenu {
  constructor(box, text, say) {
    this.box = box;
    this.text = text;
    this.say = say;
    this.commands = [];
    this.shown = [];
    this.chosen = 0;
    text.addEventListener("input", () => this.update());
    text.addEventListener("blur", () => this.close());
  }

  get open() { return !this.box.hidden; }

  update() {
    const typed = /^\/(\w*)$/.exec(this.text.value);
    this.shown = typed ? this.commands.filter(({ command }) => command.startsWith(typed[1].toLowerCase())) : [];
    this.choose(0);
  }

  toggle() {
    if (this.open) return this.close();
    this.shown = this.commands;
    this.choose(0);
    this.text.focus();
  }

  close() {
    this.shown = [];
    this.choose(0);
  }

  choose(index) {
    this.chosen = (index + this.shown.length) % (this.shown.length || 1);
    this.box.replaceChildren(...this.shown.map(({ command, description }, place) => {
      const option = element("li", { id: `command-${place}`, role: "option" },
        element("b", {}, `/${command}`), element("span", {}, description));
      option.setAttribute("aria-selected", String(place === this.chosen));
      option.addEventListener("mousedown", (event) => { event.preventDefault(); this.take(place); });
      return option;
    }));
    this.box.hidden = !this.shown.length;
    this.text.setAttribute("aria-expanded", String(this.open));
    if (this.open) {
      this.text.setAttribute("aria-activedescendant", `command-${this.chosen}`);
      this.box.children[this.chosen].scrollIntoView({ block: "nearest" });
    } else {
      this.text.removeAttribute("aria-activedescendant");
    }
  }

  take(index = this.chosen) {
    const { command } = this.shown[index];
    this.text.value = "";
    this.close();
    this.say(`/${command}`);
  }

  // Returns whether the key was the menu's.
  key(event) {
    if (!this.open) return false;
    if (event.key === "ArrowDown") this.choose(this.chosen + 1);
    else if (event.key === "ArrowUp") this.choose(this.chosen - 1);
    else if (event.key === "Escape") this.close();
    else if (event.key === "Tab" && !event.shiftKey) {
      this.text.value = `/${this.shown[this.chosen].command} `;
      this.close();
    } else if (event.key === "Enter" && !event.shiftKey) this.take();
    else return false;
    event.preventDefault();
    return true;
  }
}
