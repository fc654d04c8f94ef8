import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { Compose, docker } from './compose.ts';

const run = promisify(execFile);

/** What nothing in a container runs: package managers, tools of development, tests, types, source maps. */
const IDLE =
  /(^|\/)(npm|npx|corepack|yarn|yarnpkg|tsc|tsx|jest|@jest|playwright|playwright-core|@swc|typescript|esbuild|@types\/\w+\/.+\.ts|test|tests|__tests__)(\/|$)|\.map$|\.d\.[cm]?ts$|\.tsbuildinfo$/;
/** An operating system has words of its own. */
const OF_THE_SYSTEM = /^(usr\/share|usr\/lib(32|64)?|usr\/s?bin|lib|bin|sbin|etc|var|proc|sys|dev|run)\//;

/** The paths of an image, without those of the system. */
async function pathsIn(image: string): Promise<string[]> {
  const container = await docker('create', image);
  try {
    const { stdout } = await run('sh', ['-c', 'docker export "$0" | tar -t', container], { maxBuffer: 2 ** 28 });
    return stdout.split('\n').filter((path) => path !== '' && !OF_THE_SYSTEM.test(path));
  } finally {
    await docker('rm', container);
  }
}

test.each([
  ['the services and the live page', 'docker-compose.yml', 'redis-messaging-patterns', /^app\/.*\.[cm]?tsx?$/],
  [
    'the example jobs, which runs from source',
    'examples/jobs/docker-compose.yml',
    'redis-messaging-patterns-jobs',
    /^app\/(node_modules\/|examples\/jobs\/(demo|main|system|visitor))/,
  ],
])('the image of %s has nothing that is not run', async (_what, file, image, sources) => {
  await new Compose(['docker', 'compose'], 'rmp-image', file).call('build');
  const paths = await pathsIn(image);
  expect(paths.filter((path) => path.startsWith('app/')).length).toBeGreaterThan(100);
  expect(paths.filter((path) => IDLE.test(path))).toEqual([]);
  const typescript = paths.filter((path) => sources.test(path) && /\.[cm]?tsx?$/.test(path));
  expect(typescript).toEqual([]);
});
