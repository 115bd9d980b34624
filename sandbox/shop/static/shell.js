"use strict";

// A page that is empty until this script has run, as many shops' pages are.
const app = document.getElementById("app");

function add(parent, name, className, text) {
  const node = document.createElement(name);
  node.className = className;
  node.textContent = text;
  parent.append(node);
  return node;
}

async function show() {
  const answer = await fetch(app.dataset.source);
  const product = await answer.json();
  document.title = `${product.title} | Demo Bazaar`;
  const gallery = add(app, "div", "gallery", "");
  const picture = add(gallery, "img", "", "");
  picture.src = `/shop/${product.slug}.png`;
  picture.alt = product.title;
  const about = add(app, "div", "about", "");
  add(about, "p", "brand", product.brand);
  add(about, "h1", "", product.title);
  const price = add(about, "div", "price-block", "");
  add(price, "span", "price-now", product.price_text);
  const available = product.availability === "in_stock";
  add(about, "p", available ? "stock in" : "stock out", available ? "In stock" : "Currently out of stock");
  add(about, "p", "delivery", "Free delivery above ₹499.");
  const points = add(about, "ul", "points", "");
  for (const point of product.points) add(points, "li", "", point);
}

show();
