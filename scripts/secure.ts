/**
 * `npm run secure`: makes the certificates, users and passwords that docker-compose.secure.yml needs, in the folder secrets/.
 *
 *   npm run secure                 if there is none yet
 *   npm run secure -- --replace    all anew; containers have the old ones until they are made again
 */
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ConfigError, loadConfig, loadDotEnv } from '@redis-messaging/shared/service/config';
import { exitCodeOf, OptionsError } from '../local/process/command.ts';
import { makeSecrets } from '../local/tls/secrets.ts';

const FOLDER = fileURLToPath(new URL('../secrets', import.meta.url));
/** Nobody but its owner gets into the folder. */
const FOLDER_MODE = 0o700;
/** The users of the containers are others than its owner, and see single files of it. */
const FILE_MODE = 0o644;

process.exitCode = await exitCodeOf('secure', main);

async function main(): Promise<number> {
  const { replace } = readOptions();
  loadDotEnv();
  const secrets = await makeSecrets(topics());
  if (replace) await rm(FOLDER, { recursive: true, force: true });
  await makeFolder();
  for (const [name, content] of Object.entries(secrets)) {
    const file = join(FOLDER, name);
    await writeFile(file, content);
    await chmod(file, FILE_MODE);
  }
  console.log(`Made ${Object.keys(secrets).join(', ')} in secrets/. Next:
  docker-compose -f docker-compose.yml -f docker-compose.secure.yml up --build${replace ? ' --force-recreate' : ''}`);
  return 0;
}

function readOptions() {
  try {
    return parseArgs({ options: { replace: { type: 'boolean', default: false } } }).values;
  } catch (error) {
    throw new OptionsError(`${(error as Error).message}; expected nothing, or --replace`);
  }
}

/** Of the services, as they are configured here. */
function topics() {
  try {
    return loadConfig().topics;
  } catch (error) {
    throw error instanceof ConfigError ? new OptionsError(error.message) : error;
  }
}

/** @throws OptionsError if it is there */
async function makeFolder(): Promise<void> {
  try {
    await mkdir(FOLDER, { mode: FOLDER_MODE });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new OptionsError(
      'there are secrets already, which containers may use; to replace them: npm run secure -- --replace',
    );
  }
}
