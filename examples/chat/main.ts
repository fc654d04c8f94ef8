import { createInterface } from 'node:readline';
import type { Redis } from '@redis-messaging/shared/redis';
import { neutralise } from '@redis-messaging/shared/text';
import { until } from '../../local/until.ts';
import type { Example, Scene } from '../example.ts';

const LONGEST_TEXT = 200;
const LONGEST_NAME = 20;

/** What goes over a room's channel. */
interface Post {
  readonly kind: 'join' | 'leave' | 'text';
  readonly from: string;
  readonly text?: string;
}

const channelOf = (room: string): string => `chat:${room}`;

/** Rooms are channels. Nothing is kept: who comes later has missed what was said. */
export const chat: Example = {
  about: 'a chat with rooms; with ROOM NAME behind it you take part (several terminals, one REDIS_URL)',

  async run(scene) {
    const [room, name] = scene.args;
    if (room === undefined) await perform(scene);
    else if (!name || name.length > LONGEST_NAME)
      throw new Error(`npm run example -- chat ROOM NAME (up to ${LONGEST_NAME} characters)`);
    else await takePart(scene, room, name);
  },
};

/** Somebody in a room. `show` is called with each line for the screen, one's own included. */
async function join(publisher: Redis, listener: Redis, room: string, name: string, show: (line: string) => void) {
  const send = (post: Omit<Post, 'from'>) =>
    publisher.publish(channelOf(room), JSON.stringify({ ...post, from: name }));
  await listener.subscribe(channelOf(room), (payload) => show(lineOf(payload)));
  await send({ kind: 'join' }); // after subscribing, so that one sees oneself come, and nothing is missed from here on
  return {
    async say(text: string): Promise<number> {
      if (text.length > LONGEST_TEXT)
        throw new Error(`not sent: ${text.length} characters, ${LONGEST_TEXT} are the limit`);
      return await send({ kind: 'text', text });
    },
    async leave(): Promise<void> {
      await listener.unsubscribe(channelOf(room));
      await send({ kind: 'leave' });
    },
  };
}

/** Anybody can publish anything on a channel: what is no post is marked, and nothing gets to the terminal as it came. */
function lineOf(payload: string): string {
  try {
    const { kind, from, text }: Post = JSON.parse(payload);
    const who = neutralise(String(from), LONGEST_NAME);
    if (kind === 'text') return `<${who}> ${neutralise(String(text), LONGEST_TEXT)}`;
    return `* ${who} ${kind === 'join' ? 'comes in' : 'has left'}`;
  } catch {
    return `(not a post: ${neutralise(payload, 40)})`;
  }
}

/** The terminal: a line is said, `/quit` or Ctrl-D leaves. */
async function takePart({ connect, say, signal }: Scene, room: string, name: string): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout, prompt: '> ', signal });
  terminal.on('SIGINT', () => terminal.close());
  const show = (line: string) => {
    if (process.stdout.isTTY) process.stdout.write('\r\u001b[K'); // over the prompt, which comes back below
    say(neutralise(room, LONGEST_NAME), line);
    if (process.stdout.isTTY) terminal.prompt(true);
  };
  const member = await join(await connect('chat'), await connect('chat:listener'), room, name, show);
  for await (const line of terminal) {
    if (line === '/quit') break;
    if (line) await member.say(line).catch((error: Error) => show(error.message));
  }
  terminal.close();
  await member.leave();
}

/** Three people, two rooms. Each step waits until everybody in the room has seen it. */
async function perform({ connect, say }: Scene): Promise<void> {
  const publisher = await connect('people');
  const seen: string[] = [];

  async function enter(room: string, name: string) {
    const show = (line: string) => seen.push(`${name} in #${room} sees  ${line}`);
    return await join(publisher, await connect(name), room, name, show);
  }
  /** Shows what so many people see of a step. */
  async function step<Result>(people: number, action: Promise<Result>): Promise<Result> {
    const result = await action;
    await until(`${people} to see it`, () => seen.length === people);
    for (const line of seen.splice(0).sort()) say('chat', line);
    return result;
  }

  const ann = await step(1, enter('lobby', 'ann'));
  const ben = await step(2, enter('lobby', 'ben'));
  const cleo = await step(1, enter('kitchen', 'cleo'));
  await step(2, ann.say('hello ben')); // cleo is in another room
  await step(1, cleo.say('is anybody here?'));
  await step(0, cleo.leave());
  const cleoAgain = await step(3, enter('lobby', 'cleo')); // she has not seen what was said before
  await step(3, cleoAgain.say('\u001b[2Jgone is your screen')); // shown, not obeyed
  await ben.say('x'.repeat(500)).catch((error: Error) => say('ben', error.message));
  await step(3, publisher.publish(channelOf('lobby'), 'no JSON'));
  await step(2, ben.leave());
  await step(1, ann.leave());
  await cleoAgain.leave();
}
