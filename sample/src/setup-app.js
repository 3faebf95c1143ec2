import { fileURLToPath } from 'node:url';
const publicFolder = fileURLToPath(new URL('../public/', import.meta.url));
/** What the application is beside its modules: its page, and an end in good order. */
export function setupApp(app) {
  app.useStaticAssets(publicFolder, {
    setHeaders: (response) => response.setHeader('Content-Security-Policy', "default-src 'self'"),
  });
  app.disable('x-powered-by');
  app.enableShutdownHooks();
  return app;
}
