// @ts-check

/**
 * Where a class mentions itself, a bundler makes `var RedisModule = class RedisModule2 { … }` of it, and so it is called at run
 * time: Nest's log and Nest's errors would name classes that no user has ever imported. Within the class its own
 * name means the same, so it may have it back. (To set the name of every function, as esbuild offers, costs time where closures
 * are made.)
 *
 * @param {string} text of a bundle that is not minified
 */
export function withClassNames(text) {
  let named = text;
  for (const [, name, made] of text.matchAll(
    /^(?:var|let|const) (\w+) = (?:\w+ = )*class (?!extends\b)(\w+)/gm,
  )) {
    if (made !== name) named = named.replaceAll(new RegExp(String.raw`\b${made}\b`, 'g'), String(name));
  }
  return named;
}
