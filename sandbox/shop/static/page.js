"use strict";

// The one thing a pretend shop can do with a full heart: say that it is one.
const cart = document.querySelector("[data-cart]");
cart.addEventListener("click", () => {
  document.querySelector("[data-cart-note]").textContent = "This shop is a pretend one: nothing can be bought.";
});
