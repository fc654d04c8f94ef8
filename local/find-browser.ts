/** The program of a browser for tests: CHROME_PATH, or where Debian puts Chromium. */
export function findBrowser(): string {
  return process.env.CHROME_PATH ?? '/usr/bin/chromium';
}
