/** Where log lines go: pino, or anything with these methods. Each line has fields for programs and a text for people. */
export interface Logger {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

/** Says nothing. */
export const SILENT: Logger = { info() {}, warn() {}, error() {} };
