import { fileURLToPath } from 'node:url';
import type { NestExpressApplication } from '@nestjs/platform-express';

const publicFolder = fileURLToPath(new URL('../public/', import.meta.url));

/** What the application is beside its modules: its page, and an end in good order. */
export function setupApp(app: NestExpressApplication): NestExpressApplication {
  app.useStaticAssets(publicFolder, {
    setHeaders: (response) => response.setHeader('Content-Security-Policy', "default-src 'self'"),
  });
  app.disable('x-powered-by');
  app.enableShutdownHooks();
  return app;
}
