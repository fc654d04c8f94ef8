import { firstOf, growth, isSettled, type Story, settle } from './story.ts';

const MESSAGES = 20;
/** Before that, to see how it is when somebody listens. */
const FEW = 3;

/** Messages are published while no subscriber runs. */
export const nobodyListens: Story = {
  name: 'nobody-listens',
  title: 'Nobody is listening',
  question: `The only subscriber is killed, and ${MESSAGES} messages are published before it is back. Who gets them in the end?`,
  answers: [
    { text: 'All patterns deliver them late', isRight: false },
    { text: 'Only those that keep messages: the lists and the stream', isRight: true },
    { text: 'None: they are lost everywhere', isRight: false },
  ],
  needs: ['kill'],
  steps: [
    {
      say: `First, ${FEW} messages while it listens: all of them arrive.`,
      do: (demo) => demo.control('publisher', 'burst', FEW),
      until: isSettled,
      restMs: 500,
      holdMs: settle.holdMs as number,
      isBeginning: true,
    },
    {
      say: `The subscriber is killed, and ${MESSAGES} messages are made at once, before it is back.`,
      async do(demo) {
        for (const { instance } of demo.subscribers) await demo.request('kill', instance);
        await demo.control('publisher', 'burst', MESSAGES);
      },
    },
    { say: 'npm start starts it again; it takes what was kept for it.', until: (demo) => firstOf(demo)?.isUp === true },
    settle,
  ],
  verdictOf({ guarantees }, before, after) {
    const { made, handled, lost, unexplained } = growth(before, after);
    // Redis may hand one to the subscriber that dies at that moment.
    const mayBeLost = guarantees.survivesCrash ? 0 : 1;
    const isAsPromised = guarantees.keepsUnread ? handled + lost === made && lost <= mayBeLost : lost === made;
    return {
      text: `${made} made, ${handled} handled, ${lost} lost`,
      isAsPromised: made === MESSAGES && isAsPromised && unexplained === 0,
    };
  },
  moral: 'Pub/Sub passes a message to whoever listens at that moment, and forgets it. Lists and streams keep it.',
};
