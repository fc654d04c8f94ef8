import { growth, type Story, settle } from './story.ts';

const MESSAGES = 20;
const GROUP = /^late-/;

/** A group that comes late wants to read what others have handled already. */
export const lateGroup: Story = {
  name: 'late-group',
  title: 'A late group',
  question: `${MESSAGES} messages are made and handled. Then a subscriber of a new group comes. Can it read them, too?`,
  answers: [
    { text: 'Yes, by every pattern that keeps messages', isRight: false },
    { text: 'Yes, but only from the stream', isRight: true },
    { text: 'No: what was handled is gone', isRight: false },
  ],
  needs: ['add-subscriber', 'remove-subscriber'],
  steps: [
    {
      say: `${MESSAGES} messages are made, and handled.`,
      do: (demo) => demo.control('publisher', 'burst', MESSAGES),
    },
    settle,
    {
      say: 'A subscriber of a new group comes.',
      do: (demo) => demo.request('add-subscriber', undefined, `late-${Date.now().toString(36)}`),
      until: ({ subscribers }) => subscribers.some(({ group, isUp }) => GROUP.test(group) && isUp),
    },
    { ...settle, say: 'It reads what it can …', restMs: 1500 },
  ],
  verdictOf({ guarantees }, before, after) {
    const { made, unexplained } = growth(before, after);
    const late = Object.entries(after.byName).find(([name]) => !Object.hasOwn(before.byName, name));
    const read = late?.[1] ?? 0;
    return {
      text: `${made} made; the late group read ${read} from before it came`,
      isAsPromised: made === MESSAGES && (guarantees.replays ? read >= made : read === 0) && unexplained === 0,
    };
  },
  moral:
    'A stream is a log: reading takes nothing away, and each group has a position of its own. A list is empty once it was handled.',
};
