// The shop in its frame: its address, and sending that address to the bot.

const find = (id) => document.getElementById(id);

export function showPane(name) {
  document.body.dataset.pane = name;
  find("show-chat").setAttribute("aria-pressed", String(name === "chat"));
  find("show-shop").setAttribute("aria-pressed", String(name === "shop"));
}

export class Shop {
  constructor(say) {
    this.frame = find("frame");
    this.home = new URL("/shop/", location.href);
    this.frame.addEventListener("load", () => this.showAddress());
    find("shop-home").addEventListener("click", () => this.visit(this.home.href));
    find("shop-reload").addEventListener("click", () => this.frame.contentWindow.location.reload());
    find("address").addEventListener("focus", (event) => event.target.select());
    find("send-address").addEventListener("click", () => {
      showPane("chat");
      say(this.address);
    });
    find("show-chat").addEventListener("click", () => showPane("chat"));
    find("show-shop").addEventListener("click", () => showPane("shop"));
    this.showAddress();
  }

  get address() {
    try {
      const address = this.frame.contentWindow.location.href;
      return address === "about:blank" ? this.home.href : address;
    } catch {
      return this.home.href; // a foreign page in the frame keeps its address to itself
    }
  }

  showAddress() {
    find("address").value = this.address;
    find("send-address").disabled = new URL(this.address).pathname === this.home.pathname;
  }

  has(address) {
    const url = new URL(address, location.href);
    return url.origin === location.origin && url.pathname.startsWith(this.home.pathname);
  }

  visit(address) {
    this.frame.contentWindow.location.assign(address);
    showPane("shop");
  }
}
