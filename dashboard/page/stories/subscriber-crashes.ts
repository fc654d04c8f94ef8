import { firstOf, growth, type Story, settle } from './story.ts';

const MESSAGES = 10;
const WORK_S = 0.8;

/** A subscriber is killed in the middle of its work. */
export const subscriberCrashes: Story = {
  name: 'subscriber-crashes',
  title: 'A subscriber crashes',
  question: `A subscriber that takes ${WORK_S} s for each of ${MESSAGES} messages is killed in the middle of one. Which patterns lose it?`,
  answers: [
    { text: 'None: Redis has a copy', isRight: false },
    { text: 'All but the reliable queue and the stream', isRight: true },
    { text: 'Only Pub/Sub', isRight: false },
  ],
  needs: ['kill'],
  steps: [
    {
      say: `Work takes ${WORK_S} s from now on; ${MESSAGES} messages are made.`,
      do: async (demo) => {
        await demo.control('subscriber', 'workTime', WORK_S);
        await demo.control('publisher', 'burst', MESSAGES);
      },
    },
    {
      say: 'It is killed in the middle of its work.',
      do: async (demo) => {
        for (const { instance } of demo.subscribers) await demo.request('kill', instance);
      },
    },
    { say: 'npm start starts it again.', until: (demo) => firstOf(demo)?.isUp === true },
    { ...settle, say: 'What is redelivered, and what waits, is handled now …' },
  ],
  verdictOf({ guarantees }, before, after) {
    const { made, handled, lost, duplicated, unexplained } = growth(before, after);
    const isAsPromised = guarantees.survivesCrash
      ? lost === 0 && handled === made
      : lost > 0 && handled + lost === made;
    const twice = duplicated > 0 ? `, ${duplicated} handled twice` : '';
    return {
      text: `${made} made, ${handled} handled, ${lost} lost${twice}`,
      isAsPromised: made === MESSAGES && isAsPromised && unexplained === 0,
    };
  },
  moral:
    'A popped message is in one place only: in the hands of who popped it. The reliable queue and the stream keep a copy until it is acknowledged, and deliver it again; so handlers must be idempotent.',
};
