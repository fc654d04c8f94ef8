import { BAD_OPTIONS } from '../process/command.ts';

/** Asks for a private Redis Cluster. */
export const CLUSTER = '--cluster';

const HELP = `npm start: a subscriber and a publisher that talk through Redis, with one combined log

It runs until Ctrl-C, or until MESSAGE_COUNT messages have arrived, and ends with a table of what was published and what arrived.
Without REDIS_HOST or REDIS_URL it starts a Redis of its own, which ends with it.
A subscriber that is killed is started again, and so is that Redis. A live page shows all of it, and can change it: the line
"Watch it live" has its address. DASHBOARD_PORT=0 leaves it out.

  npm start                                        two patterns, pubsub and queue, a message every 2 s
  PATTERN=all npm start                            all patterns side by side
  PATTERN=stream PUBLISH_INTERVAL=0 npm start      one pattern, as fast as Redis takes messages
  MESSAGE_COUNT=100 PUBLISH_INTERVAL=0.01 npm start
  REDIS_URL=redis://localhost:6379 npm start       with a Redis that is running
  npm start -- --cluster                           with a Redis Cluster of its own: 3 primaries, 3 replicas
  LOG_LEVEL=warn npm start                         no line for each message

All variables: README, "Configuration". They may also stand in a file named .env.
`;

/** Answers the arguments of `npm start` that it does not take, and --help. @returns the exit code; `undefined` if the demo is to run */
export function answerArguments(args: readonly string[]): number | undefined {
  if (args.some((arg) => arg === '--help' || arg === '-h')) {
    process.stdout.write(HELP);
    return 0;
  }
  const wrong = args.find((arg) => arg !== CLUSTER);
  if (wrong === undefined) return undefined;
  process.stderr.write(`npm start takes no argument "${wrong}"; see npm start -- --help\n`);
  return BAD_OPTIONS;
}
