import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from '@redis-messaging/shared/redis/client';
import { sanitize } from '@redis-messaging/shared/text/sanitize';
import type { Example, Scene } from '../example.ts';
import { readObject } from '../read-object.ts';

const LONGEST_TEXT = 200;
const LONGEST_NAME = 20;
/** How long to wait for Redis when leaving: ms. */
const LEAVE_TIMEOUT_MS = 3000;
/** For a terminal: what comes next stands where the prompt was. */
const OVER_THE_PROMPT = '\r\u001b[K';

/** What goes over a room's channel. */
interface Post {
  readonly kind: 'join' | 'leave' | 'text';
  readonly from: string;
  readonly text?: string;
  /** Which participant's: others may have the same name. */
  readonly session: string;
}

const channelOf = (room: string): string => `chat:${room}`;

/** Rooms are channels. Nothing is kept: whoever joins later has missed what was said. */
export const chat: Example = {
  about: 'a chat with rooms; `chat ROOM NAME` joins one, in several terminals',

  async run(scene) {
    const [room, name] = scene.args;
    if (room === undefined) await perform(scene);
    else if (!name || name.length > LONGEST_NAME)
      throw new Error(`npm run example -- chat ROOM NAME (up to ${LONGEST_NAME} characters)`);
    else await takePart(scene, room, name);
  },
};

/** Shows a line on the screen. @param isOwn whether it is a text of the participant's own */
type Show = (line: string, isOwn: boolean) => void;

/** Joins a room. @param show called with what is said there, the participant's own texts included */
async function join(publisher: Redis, listener: Redis, room: string, name: string, show: Show) {
  const session = randomUUID();
  const send = (post: Pick<Post, 'kind' | 'text'>) =>
    publisher.publish(channelOf(room), JSON.stringify({ ...post, from: name, session }));
  await listener.subscribe(channelOf(room), (payload) => {
    const post = (readObject(payload) ?? {}) as Partial<Post>;
    show(lineOf(post, payload), post.kind === 'text' && post.session === session);
  });
  await send({ kind: 'join' }); // after subscribing, so that the participant sees it too, and misses nothing from here on
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

/** Anybody can publish anything on a channel: what is not a post is marked, and every text is sanitized for the terminal. */
function lineOf({ kind, from, text }: Partial<Post>, payload: string): string {
  const who = sanitize(String(from), LONGEST_NAME);
  if (kind === 'text') return `<${who}> ${sanitize(String(text), LONGEST_TEXT)}`;
  if (kind === 'join') return `* ${who} joins`;
  if (kind === 'leave') return `* ${who} has left`;
  return `(not a post: ${sanitize(payload, 40)})`;
}

/** The terminal: each line is sent; `/quit`, Ctrl-D or Ctrl-C leaves. */
async function takePart(scene: Scene, room: string, name: string): Promise<void> {
  const { connect, say, signal } = scene;
  const [publisher, listener] = [await connect('chat'), await connect('chat:listener')];
  // Only now, and without waiting before lines are read: what was typed, or piped in, meanwhile is still there.
  const terminal = createInterface({ input: process.stdin, output: process.stdout, prompt: '> ', signal });
  const { isTTY } = process.stdout;
  let isLeaving = false;
  let isClosed = false;
  const closed = once(terminal, 'close').then(() => {
    isClosed = true;
    if (isTTY) process.stdout.write(OVER_THE_PROMPT); // so that the shell's is not behind it
  });
  terminal.on('SIGINT', () => terminal.close());
  const show = (line: string, isOwn = false) => {
    if (isTTY && isOwn) return; // it stands there already, as it was typed
    if (isTTY && !isClosed) process.stdout.write(OVER_THE_PROMPT); // which comes back below
    say(sanitize(room, LONGEST_NAME), line);
    if (isTTY && !isClosed) terminal.prompt(true);
  };
  say('chat', `others join with ${invitation(scene, room)}`);

  const joining = join(publisher, listener, room, name, show);
  let saying: Promise<unknown> = joining;
  terminal.on('line', (line) => {
    isLeaving ||= line === '/quit';
    if (isLeaving) terminal.close();
    else if (isTTY) terminal.prompt();
    if (line && !isLeaving)
      saying = saying.then(async () => (await joining).say(line)).catch((error) => show(error.message));
  });
  await closed;
  const leaving = saying.then(async () => (await joining).leave()).catch(() => {});
  await Promise.race([leaving, sleep(LEAVE_TIMEOUT_MS)]); // without Redis the leave message is not sent
  say('chat', `you have left ${sanitize(room, LONGEST_NAME)}`);
}

/** The command for others on this machine. */
const invitation = ({ redisVariables }: Scene, room: string): string =>
  `${redisVariables} npm run example -- chat ${room} NAME`;

/** Three people, two rooms. Each step waits until everybody in the room has seen it. */
async function perform({ connect, until, say }: Scene): Promise<void> {
  const publisher = await connect('people');
  const seen: string[] = [];

  async function joinAs(room: string, name: string) {
    const show = (line: string) => seen.push(`${name} in #${room} sees  ${line}`);
    return await join(publisher, await connect(name), room, name, show);
  }
  /** Shows what this many people see of a step. */
  async function step<Result>(people: number, action: Promise<Result>): Promise<Result> {
    const result = await action;
    await until(`${people} to see it`, () => seen.length >= people);
    for (const line of seen.splice(0).sort()) say('chat', line);
    return result;
  }

  const ann = await step(1, joinAs('lobby', 'ann'));
  const ben = await step(2, joinAs('lobby', 'ben'));
  const cleo = await step(1, joinAs('kitchen', 'cleo'));
  await step(2, ann.say('hello ben')); // cleo is in another room
  await step(1, cleo.say('is anybody here?'));
  await step(0, cleo.leave());
  const cleoAgain = await step(3, joinAs('lobby', 'cleo')); // she has not seen what was said before
  await step(3, cleoAgain.say('\u001b[2Jgone is your screen')); // shown, not obeyed
  await ben.say('x'.repeat(500)).catch((error: Error) => say('ben', error.message));
  await step(3, publisher.publish(channelOf('lobby'), 'no JSON'));
  await step(2, ben.leave());
  await step(1, ann.leave());
  await cleoAgain.leave();
}
