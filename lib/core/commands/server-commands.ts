import type { AnswerKind } from './answer.js';

/**
 * Methods for commands that your own server has and this package does not: none, until a module that
 * `npx nestjs-redwire commands` writes adds some. Clients, their views and pipelines all have them.
 */
// @ts-ignore: nothing here asks for `Kind`, but what is added does
// oxlint-disable-next-line typescript/no-empty-object-type, no-unused-vars
export interface ServerCommands<Kind extends AnswerKind> {}
