import { execFile } from 'node:child_process';
import { ROOT } from '../../local/process/node-command.ts';

/** `npm run advise` as a user types it. */
export function advise(line: string): Promise<{ code: number; out: string; err: string }> {
  const args = ['run', '--silent', 'advise', '--', ...line.split(' ').filter(Boolean)];
  return new Promise((resolve) => {
    execFile('npm', args, { cwd: ROOT, timeout: 280_000 }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

/** The pattern that it recommends. */
export const used = (out: string) => /^Use (\S+):/m.exec(out)?.[1];
