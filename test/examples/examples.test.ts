import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { examples } from '../../examples/index.ts';
import { serviceCommand } from '../../local/child.ts';

const ROOT = new URL('../..', import.meta.url);
const run = promisify(execFile);

/** What an example prints, as a user starts it, without the line of the Redis. */
async function outputOf(...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [...serviceCommand('example'), ...args], { cwd: ROOT });
  return stdout;
}

describe('npm run example', () => {
  test('lists the examples with a line each', async () => {
    const lines = (await outputOf()).trimEnd().split('\n');
    expect(lines).toHaveLength(Object.keys(examples).length);
    for (const [name, { about }] of Object.entries(examples))
      expect(lines.some((line) => line.trim().startsWith(name) && line.endsWith(about))).toBe(true);
  });

  test('a name that is none is an error that lists them', async () => {
    await expect(outputOf('nonsense')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('"nonsense"'),
    });
  });

  test.each(Object.entries(examples))('%s prints what its captured output shows', async (name, { demoArgs = [] }) => {
    const captured = readFileSync(new URL(`examples/${name}/output.txt`, ROOT), 'utf8');
    expect(await outputOf(name, ...demoArgs)).toBe(captured);
  });
});
