import { accessSync, constants, existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { installFromDebian, type Unpacked } from '../local/process/debian.ts';
import { onPath } from '../local/process/on-path.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

const DEBIAN = {
  name: 'chromium',
  packages: ['chromium', 'chromium-common'],
  program: 'usr/lib/chromium/chromium', // usr/bin/chromium is a script that looks for it in /usr/lib
  choices: `No browser for the tests of the report. Choose one of these:
  - install chromium or google-chrome with your system's packages, so that it is on PATH;
  - name one: CHROME_PATH=/path/to/chrome npm test`,
};

/**
 * The browser that CHROME_PATH names, else Chromium or Chrome from PATH, else, on Debian, Chromium from the distribution's
 * packages, unpacked into a folder of this project.
 * @throws an Error that lists the choices if there is none
 */
export async function findBrowser(say: (line: string) => void): Promise<Unpacked> {
  const named = process.env.CHROME_PATH;
  if (named) {
    accessSync(named, constants.X_OK);
    return { path: named, env: {} };
  }
  const path = NAMES.map(onPath).find((found) => found !== undefined);
  return path ? { path, env: {} } : withFonts(await installFromDebian(DEBIAN, say));
}

/** Packages include fonts if the system has none, but the browser does not find them by itself; without any, text has no size. */
function withFonts({ path, env }: Unpacked): Unpacked {
  const root = resolve(path.slice(0, -DEBIAN.program.length));
  const fonts = join(root, 'usr/share/fonts');
  if (!existsSync(fonts)) return { path, env };
  const file = join(root, 'fonts.conf');
  const folders = `<dir>${fonts}</dir><cachedir>${join(root, 'font-cache')}</cachedir>`;
  writeFileSync(file, `<?xml version="1.0"?>\n<fontconfig>${folders}</fontconfig>\n`);
  return { path, env: { ...env, FONTCONFIG_FILE: file } };
}
