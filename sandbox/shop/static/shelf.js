"use strict";

const said = document.querySelector(".said");
const problem = document.querySelector(".problem");

async function change(form, wanted) {
  problem.textContent = "";
  said.textContent = "";
  let answer;
  let product;
  try {
    answer = await fetch(form.action, {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(wanted),
    });
    product = await answer.json();
  } catch {
    problem.textContent = "The shop does not answer. Is it still running?";
    return;
  }
  const card = form.closest(".card");
  const title = card.querySelector("h2").textContent;
  if (!answer.ok) {
    problem.textContent = `${title}: ${product.error}`;
    return;
  }
  card.querySelector("[data-price]").textContent = product.price_text;
  card.querySelector("[data-state]").textContent = product.state;
  form.elements.price.value = product.price;
  said.textContent = `${title}: ${product.price_text}${product.state ? ` · ${product.state}` : ""}`;
}

for (const form of document.querySelectorAll("[data-knobs]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    change(form, { price: form.elements.price.value });
  });
  for (const name of ["availability", "mode"]) {
    form.elements[name].addEventListener("change", (event) => change(form, { [name]: event.target.value }));
  }
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const word = button.firstChild; // the rest, for screen readers, names the product
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      word.data = "Copied";
    } catch {
      // No right to the clipboard: the link beside the button is selected, ready to be copied by hand.
      getSelection().selectAllChildren(button.nextElementSibling);
      word.data = "Selected";
    }
    setTimeout(() => { word.data = "Copy link"; }, 2000);
  });
}
