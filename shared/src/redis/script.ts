import { createHash } from 'node:crypto';
import type { Redis } from './client.ts';
import { isRefusal, tellRefusal } from './refusals.ts';

type Runner = Pick<Redis, 'eval' | '_getQueue' | 'options'>;
type Arguments = readonly (string | Buffer)[];

/**
 * Runs a Lua script. Arguments may be Buffers, which the client passes on byte by byte whatever its types say. In the script,
 * `try('COMMAND', …)` does what `redis.pcall` does; if the user lacks the right to it, that is told, whatever the script makes of it.
 * No line may have several commands: by the line Redis says which of them the user lacks the right to.
 */
export async function runScript(
  redis: Runner,
  script: string,
  keys: readonly string[],
  args: Arguments,
): Promise<unknown> {
  return await told(redis, script, redis.eval(withTry(script), options(keys, args)));
}

/**
 * As `runScript`, but sends the text only when Redis does not know it (again): for scripts that run often. Then it is sent behind
 * what was sent meanwhile, so it is not for steps that must keep their order, as publishing must.
 */
export async function runKnownScript(
  redis: Runner & Pick<Redis, 'evalSha'>,
  script: string,
  keys: readonly string[],
  args: Arguments,
): Promise<unknown> {
  try {
    return await told(redis, script, redis.evalSha(sha1Of(script), options(keys, args)));
  } catch (error) {
    if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
    return await runScript(redis, script, keys, args);
  }
}

/** So many values a script may hand to one command: `unpack` has no room for more than some 8,000. */
export const SLICE = 5000;

const options = (keys: readonly string[], args: Arguments) => ({
  keys: [...keys],
  arguments: [...args] as string[],
});

/** What a script with `try` answers in place of its reply, if the user lacked a right: this, the command, the message, the reply. */
const REFUSED = 'refused for want of a right';

/** In one line, so that those of the script keep their numbers. */
const TRY = `local lacking local function try(...) local reply = redis.pcall(...) if type(reply) == 'table' and reply.err then lacking = {(...), reply.err} end return reply end local function run() `;
const TELL = `
end
local reply = run()
if lacking then return {'${REFUSED}', lacking[1], lacking[2], reply} end
return reply
`;

const withTry = (script: string): string => (script.includes('try(') ? TRY + script + TELL : script);

/** What a script answers; tells of each right that the user lacked. An error names the command, too. */
async function told(redis: Runner, script: string, replying: Promise<unknown>): Promise<unknown> {
  try {
    const reply = await replying;
    if (!isRefused(reply)) return reply;
    const [, command, message, own = null] = reply;
    tellRefusal(redis, String(message), String(command).toLowerCase());
    return own;
  } catch (error) {
    nameCommand(redis, script, error as Error);
    throw error;
  }
}

/** Without looking at the replies of others, which may be large. */
function isRefused(reply: unknown): reply is readonly unknown[] {
  const head = Array.isArray(reply) ? reply[0] : undefined;
  return (
    (typeof head === 'string' || head instanceof Buffer) && head.length === REFUSED.length && String(head) === REFUSED
  );
}

function nameCommand(redis: Runner, script: string, error: Error): void {
  const [, line] = /@user_script:(\d+)/.exec(error.message) ?? [];
  if (line === undefined || !isRefusal(error.message)) return;
  const command = commandIn(script.split('\n')[Number(line) - 1] ?? '');
  tellRefusal(redis, error.message, command);
  error.message = `${error.message.replace(/ script: .*/, '')} (${command.toUpperCase()})`;
}

/** The command in a line of a script, by its name in ACL rules. */
function commandIn(line: string): string {
  const [, command = '?', subcommand] = /call\('(\w+)'(?:, '([A-Z]+)')?/.exec(line) ?? [];
  return (CONTAINERS.has(command) && subcommand ? `${command}|${subcommand}` : command).toLowerCase();
}

/** Commands of our scripts that have subcommands. */
const CONTAINERS = new Set(['XINFO']);

/** By text. There are few scripts. */
const sha1s = new Map<string, string>();

function sha1Of(script: string): string {
  let sha1 = sha1s.get(script);
  if (sha1 === undefined) {
    sha1 = createHash('sha1').update(withTry(script)).digest('hex');
    sha1s.set(script, sha1);
  }
  return sha1;
}
