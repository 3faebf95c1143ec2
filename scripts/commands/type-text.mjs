/** TypeScript's unions, taken apart and put together as text. */

/** The members of a union: `'OK' | (A | B)[]` has two. */
export function splitTypes(type) {
  const members = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < type.length; index++) {
    if ('([{<'.includes(type[index])) depth++;
    else if (')]}>'.includes(type[index])) depth--;
    else if (type[index] === '|' && depth === 0) {
      members.push(type.slice(start, index).trim());
      start = index + 1;
    }
  }
  return [...members, type.slice(start).trim()];
}

/** Each member once, null last. */
export function unionOf(members) {
  const all = [...new Set(members)];
  return [...all.filter((member) => member !== 'null'), ...all.filter((member) => member === 'null')].join(
    ' | ',
  );
}
