import { execFileSync } from 'node:child_process';
import { ROOT } from '../../local/process/node-command.ts';
import provideProgramsOnce from './provide-programs.ts';

/**
 * Before all tests: builds the services, which the tests start by the hundred (as built they are there in a fifth of the time that
 * they take from source), and gets the programs that the tests need.
 */
export default async function prepare(): Promise<void> {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  await provideProgramsOnce();
}
