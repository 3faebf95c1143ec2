// @ts-check
import { register } from 'node:module';

/** `node --import` this: `nestjs-redwire` and `nestjs-redwire/core` are then the sources beside it. */
register('./library-hooks.mjs', import.meta.url);
