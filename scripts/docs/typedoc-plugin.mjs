// @ts-check
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Comment, CommentTag, Converter, ReflectionKind } from 'typedoc';
import { root } from '../lib/paths.mjs';

/**
 * Puts the reference of the API into a reader's order: what is public is listed by what it is for, which its file tells;
 * entry points have the names by which they are imported, and the pages of docs/ their headings.
 */

/** The first whose expression matches a file's path under `lib/`; the order of the index is in typedoc.json. */
const CATEGORIES = /** @type {const} */ ([
  [
    'Options and replies of commands',
    /^core\/(?:commands\/(?:command-options|reply-types|option-types)|scan\/scan-options)/,
  ],
  [
    'Commands, pipelines, transactions and scripts',
    /^core\/(?:command|define-commands|scan\/|script\/|pipeline\/|transaction\/)/,
  ],
  ['Subscriptions and streams', /^core\/(?:pubsub|streams|monitor|feed)\//],
  ['Observing', /^core\/observation\/|^telemetry\/|redis-(?:debug|telemetry)/],
  ['Client, pool and errors', /^core\//],
  ['Publishing', /^publisher\/|redis-(?:add|publish)-options|message-encoder/],
  ['Health', /^terminus\//],
  [
    'Handlers',
    /^(?:pubsub|streams|handlers)\/|on-redis|redis-(?:channel|context|pattern|payload)\.|handler|message-|stream-/,
  ],
  ['Module and injection', /^/],
]);

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const reflection of project.getReflectionsByKind(ReflectionKind.SomeExport)) {
      const { fileName } = project.getSymbolIdFromReflection(declarationOf(reflection)) ?? {};
      const file = fileName?.split('/lib/').at(-1);
      const category = file === undefined ? undefined : CATEGORIES.find(([, path]) => path.test(file));
      if (category === undefined || !reflection.parent?.kindOf(ReflectionKind.SomeModule)) continue;
      reflection.comment ??= new Comment();
      reflection.comment.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: category[0] }]));
    }
    for (const entry of project.children ?? []) {
      entry.name = entry.name === 'index' ? project.name : `${project.name}/${entry.name}`;
    }
    for (const page of project.documents ?? []) page.name = headingOf(page.name);
  });
}

/**
 * What is exported by several entry points is declared once.
 *
 * @param {import('typedoc').Reflection} reflection
 */
function declarationOf(reflection) {
  return reflection.isReference() ? (reflection.tryGetTargetReflectionDeep() ?? reflection) : reflection;
}

/** @param {string} page its name: the file's without its end */
function headingOf(page) {
  const text = readFileSync(join(root, 'docs', `${page}.md`), 'utf8');
  return /^# (.+)$/m.exec(text)?.[1] ?? page;
}
