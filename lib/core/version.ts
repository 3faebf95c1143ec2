/** What CLIENT SETINFO tells the server; a test holds it against package.json. */
export const LIBRARY_NAME = 'nestjs-redwire';
export const LIBRARY_VERSION = '0.1.0';
