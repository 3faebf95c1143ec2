/** What the bakery sells. */
export const MENU = [
  { id: 'croissant', name: 'Butter croissant', price: 240 },
  { id: 'cinnamon-roll', name: 'Cinnamon roll', price: 320 },
  { id: 'rye-loaf', name: 'Rye loaf', price: 560 },
  { id: 'sourdough', name: 'Sourdough, 1 kg', price: 690 },
  { id: 'focaccia', name: 'Focaccia with olives', price: 480 },
  { id: 'lemon-tart', name: 'Lemon tart', price: 410 },
  { id: 'plum-cake', name: 'Plum cake, whole', price: 2_400 },
  { id: 'flat-white', name: 'Flat white', price: 380 },
  { id: 'apple-juice', name: 'Apple juice', price: 290 },
];
const BY_ID = new Map(MENU.map((item) => [item.id, item]));
export function findMenuItem(id) {
  return BY_ID.get(id);
}
