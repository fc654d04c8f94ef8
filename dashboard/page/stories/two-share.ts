import { growth, type Story, settle } from './story.ts';

const MESSAGES = 40;
const BURST = 5;
const BURST_EVERY_MS = 1200;
const WORK_S = 0.2;

/** A second subscriber comes, and goes again. */
export const twoShare: Story = {
  name: 'two-share',
  title: 'Two subscribers share',
  question: `A second subscriber comes, and ${MESSAGES} messages are made. How many do the two handle together?`,
  answers: [
    { text: `${MESSAGES} by every pattern`, isRight: false },
    { text: `${2 * MESSAGES} by every pattern`, isRight: false },
    { text: `${2 * MESSAGES} by Pub/Sub, ${MESSAGES} by the others`, isRight: true },
  ],
  needs: ['add-subscriber', 'remove-subscriber'],
  steps: [
    {
      say: 'A second subscriber is started.',
      do: (demo) => demo.request('add-subscriber'),
      until: ({ subscribers }) => subscribers.filter(({ isUp }) => isUp).length >= 2,
      holdMs: 1500,
      isBeginning: true,
    },
    {
      say: `${MESSAGES} messages are made, ${BURST} at a time; each takes ${WORK_S} s of work.`,
      async do(demo) {
        await demo.control('subscriber', 'workTime', WORK_S);
        for (let made = 0; made < MESSAGES; made += BURST) {
          await demo.control('publisher', 'burst', BURST);
          await new Promise((resolve) => setTimeout(resolve, BURST_EVERY_MS));
        }
      },
    },
    settle,
  ],
  verdictOf({ guarantees }, before, after) {
    const { made, unexplained } = growth(before, after);
    const shares = Object.entries(after.byName)
      .map(([name, handled]) => handled - (before.byName[name] ?? 0))
      .filter((handled) => handled > 0);
    const all = shares.reduce((sum, share) => sum + share, 0);
    const copies = guarantees.audience === 'every-subscriber' ? 2 : 1;
    return {
      text: `${made} made, ${all} handled: ${shares.join(' + ')}`,
      isAsPromised: made === MESSAGES && all === copies * made && unexplained === 0,
    };
  },
  moral:
    'Pub/Sub gives everybody a copy. Queues, and the members of a stream’s group, share: more subscribers are more speed.',
};
