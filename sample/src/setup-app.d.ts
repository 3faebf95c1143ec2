import type { NestExpressApplication } from '@nestjs/platform-express';
/** What the application is beside its modules: its page, and an end in good order. */
export declare function setupApp(app: NestExpressApplication): NestExpressApplication;
