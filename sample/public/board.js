// The page: reads the board once per (re)connection, then follows the stream of events.

const SHOWN = 50;
const RANKED = 5;
const PAINT_INTERVAL = 50;
const KINDS = { pickup: 'Pickup', delivery: 'Delivery', table: 'Table' };

const element = (/** @type {string} */ id) => document.getElementById(id);
const money = new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR' });
const euros = (/** @type {number} */ cents) => money.format(cents / 100);

/** Orders by id, so that one that is both read and heard shows once. */
const latest = new Map();
let top = [];
const fresh = new Set();
let tally;
let painting = false;

function paintSoon() {
  if (painting) return;
  painting = true;
  setTimeout(paint, PAINT_INTERVAL);
}

function paint() {
  painting = false;
  const ids = [...latest.keys()].toSorted((a, b) => b - a);
  for (const id of ids.splice(SHOWN)) latest.delete(id);
  fill(
    element('latest'),
    ids.map((id) => latest.get(id)),
  );
  fill(element('top'), top);
  if (tally) paintTally(tally);
  fresh.clear();
}

/** Rows are kept as long as their order is shown, and stay where they are: only what is new comes in. */
function fill(list, orders) {
  const shown = new Set(orders.map(({ id }) => id));
  const rows = new Map();
  for (const row of Array.from(list.children)) {
    const id = Number(row.dataset.id);
    if (shown.has(id)) rows.set(id, row);
    else row.remove();
  }
  for (const [index, order] of orders.entries()) {
    const row = rows.get(order.id) ?? makeRow(order);
    const there = list.children[index];
    if (row !== there) list.insertBefore(row, there ?? null);
  }
  list.parentElement.querySelector('.empty').hidden = orders.length > 0;
}

function makeRow({ id, customer, kind, lines, total }) {
  const row = element('order').content.firstElementChild.cloneNode(true);
  row.dataset.id = id;
  row.dataset.kind = kind;
  row.querySelector('.kind').textContent = KINDS[kind];
  row.querySelector('strong').textContent = customer;
  row.querySelector('small').textContent = lines
    .map(({ quantity, name }) => `${quantity} × ${name}`)
    .join(', ');
  row.querySelector('.sum').textContent = euros(total);
  if (fresh.has(id)) row.classList.add('fresh');
  return row;
}

function paintTally({ since, orders, total, kinds }) {
  const time = element('since');
  time.dateTime = since;
  time.textContent = new Date(since).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  element('orders').value = orders;
  element('total').textContent = euros(total);
  for (const [kind, count] of Object.entries(kinds)) {
    const card = document.querySelector(`dl [data-kind="${kind}"]`);
    card.querySelector('[data-orders]').value = count.orders;
    card.querySelector('[data-total]').textContent = euros(count.total);
  }
}

function add(order) {
  latest.set(order.id, order);
  rank([order]);
}

function rank(orders) {
  const all = new Map([...top, ...orders].map((order) => [order.id, order]));
  top = [...all.values()].toSorted((a, b) => b.total - a.total || b.id - a.id).slice(0, RANKED);
}

async function read(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

/** What was there before we listened, or while we could not. */
async function readBoard() {
  const [page, largest] = await Promise.all([
    read(`orders?limit=${SHOWN}`),
    read(`orders/top?limit=${RANKED}`),
  ]);
  for (const order of page.orders) latest.set(order.id, order);
  rank(largest);
  paintSoon();
}

function show(state, words) {
  const status = element('status');
  status.dataset.state = state;
  status.textContent = words;
}

const stream = new EventSource('orders/stream');
stream.addEventListener('open', () => {
  show('live', 'live');
  readBoard().catch(() => show('lost', 'the orders cannot be read'));
});
stream.addEventListener('error', () => show('lost', 'connection lost, trying again'));
stream.addEventListener('order', (event) => {
  const order = JSON.parse(event.data);
  fresh.add(order.id);
  add(order);
  paintSoon();
});
stream.addEventListener('tally', (event) => {
  tally = JSON.parse(event.data);
  paintSoon();
});

const form = element('place');
for (const { id, name, price } of await read('orders/menu')) {
  form.elements.namedItem('item').add(new Option(`${name}, ${euros(price)}`, id));
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const fields = new FormData(form);
  const order = {
    customer: fields.get('customer'),
    kind: fields.get('kind'),
    lines: [{ item: fields.get('item'), quantity: Number(fields.get('quantity')) }],
  };
  const button = form.querySelector('button');
  button.disabled = true;
  try {
    const headers = { 'Content-Type': 'application/json' };
    const response = await fetch('orders', { method: 'POST', headers, body: JSON.stringify(order) });
    const answer = await response.json();
    const words = response.ok ? `Order ${answer.id} is placed.` : [answer.message].flat().join('. ');
    reply(words, !response.ok);
  } catch {
    reply('The order board cannot be reached.', true);
  } finally {
    button.disabled = false;
  }
});

function reply(words, refused) {
  const answer = element('answer');
  answer.textContent = words;
  answer.classList.toggle('refused', refused);
}
