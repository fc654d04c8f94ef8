import type { Example } from '../example.ts';

const INBOX = 'user:3:inbox';

/** Channel names as addresses: one for each user, wildcards over all of them, and topic hierarchies. */
export const notifications: Example = {
  about:
    'a channel for each user, wildcards over many, topic hierarchies, and what to do when the delivered count is 0',

  async run({ connect, own, until, say }) {
    await own(INBOX);
    const server = await connect('server');
    let heard: string[] = [];

    /** Publishes, and shows who received it. Redis returns the number of deliveries, so this knows how many to wait for. */
    async function notify(channel: string, text: string): Promise<number> {
      heard = [];
      const delivered = await server.publish(channel, text);
      await until(`${delivered} deliveries`, () => heard.length >= delivered);
      say('server', `${channel}  "${text}"  delivered: ${delivered}`);
      for (const line of heard.sort()) say('', `  ${line}`); // sorted, because which is first is chance
      return delivered;
    }
    const listener = (who: string) => (text: string, channel: string) => heard.push(`${who} hears ${channel}: ${text}`);

    const [phone, laptop, other] = [await connect('phone'), await connect('laptop'), await connect('other')] as const;
    await phone.subscribe('user:1:notifications', listener('phone of user 1'));
    await laptop.subscribe('user:1:notifications', listener('laptop of user 1'));
    await other.subscribe(['user:2:notifications', 'user:2:alerts'], listener('user 2'));

    await notify('user:1:notifications', 'your parcel is on its way'); // every device of the user
    await notify('user:2:notifications', 'you have a new follower');
    // 0: no subscribers, and Redis keeps nothing. So put it where it waits.
    const text = 'you have won';
    if ((await notify('user:3:notifications', text)) === 0) await server.rPush(INBOX, text);
    say('user 3', `comes later, and finds in ${INBOX}: ${await server.lPopCount(INBOX, 10)}`);

    // One subscription for the alerts of all users, even of those that do not exist yet.
    const security = await connect('security');
    await security.pSubscribe('user:*:alerts', listener('security (user:*:alerts)'));
    await notify('user:1:alerts', 'login from a new device');
    await notify('user:2:alerts', 'three wrong passwords');

    // A hierarchy is only a matter of names: `*` matches everything, separators included, so it is the whole subtree.
    const desk = await connect('desk');
    for (const pattern of ['news.*', 'news.sport.*', 'news.*.cup'])
      await desk.pSubscribe(pattern, listener(`desk (${pattern})`));
    await notify('news.politics', 'an election');
    await notify('news.sport.tennis', 'a match');
    // Three wildcards of one client match, so it receives it three times. To handle it once, subscribe once.
    await notify('news.sport.football.cup', 'the final');
    await notify('newsletter', 'matches none');

    const patterns = await server.pubSubNumPat();
    say(
      'server',
      `${patterns} patterns: Redis compares each of them with every message that is published, on any channel`,
    );
  },
};
